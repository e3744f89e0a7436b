// Leads the connections of Node.js before release 24 through the proxy of the environment, as later releases
// do by NODE_USE_ENV_PROXY: those of fetch, and those of the modules http and https.
"use strict";

const http = require("node:http");
const https = require("node:https");
const net = require("node:net");
const tls = require("node:tls");

const FIRST_WITH_ENV_PROXY = 24;
const DISPATCHER = Symbol.for("undici.globalDispatcher.1");

function isDirect(proxy, host, port) {
  if (host === proxy.hostname && Number(port) === Number(proxy.port)) return true;
  const named = (process.env.NO_PROXY || "").split(",").map((each) => each.trim().replace(/^\*?\./, ""));
  return named.some((each) => each && (each === "*" || host === each || host.endsWith(`.${each}`)));
}

function connectThrough(proxy, host, port, callback) {
  const socket = net.connect(Number(proxy.port), proxy.hostname);
  const fail = (error) => {
    socket.destroy();
    callback(error);
  };
  let head = "";
  const read = (data) => {
    head += data.toString("latin1");
    if (!head.includes("\r\n\r\n")) return;
    socket.off("data", read);
    socket.off("error", fail);
    if (/^HTTP\/1\.1 200/.test(head)) callback(null, socket);
    else fail(new Error(`the proxy of qrtest refused ${host}:${port}`));
  };
  socket.on("error", fail);
  socket.on("data", read);
  const name = net.isIPv6(host) ? `[${host}]` : host;
  socket.write(`CONNECT ${name}:${port} HTTP/1.1\r\nHost: ${name}:${port}\r\n\r\n`);
}

function connectFetch(proxy) {
  return ({ hostname, protocol, port, servername }, callback) => {
    const isTls = protocol === "https:";
    const host = hostname.replace(/^\[|\]$/g, "");
    const number = Number(port) || (isTls ? 443 : 80);
    const handOn = (error, socket) => {
      if (error) return callback(error);
      if (!isTls) return callback(null, socket);
      const name = servername || (net.isIP(host) ? "" : host);
      const secure = tls.connect({ socket, servername: name, host, ALPNProtocols: ["http/1.1"] });
      secure.once("error", callback);
      secure.once("secureConnect", () => {
        secure.off("error", callback);
        callback(null, secure);
      });
    };
    if (isDirect(proxy, host, number)) {
      const socket = net.connect(number, host);
      socket.once("error", handOn);
      socket.once("connect", () => {
        socket.off("error", handOn);
        handOn(null, socket);
      });
    } else {
      connectThrough(proxy, host, number, handOn);
    }
  };
}

function connectAgent(proxy, genuine, isTls) {
  return function createConnection(options, callback) {
    const host = options.host || "localhost";
    const port = Number(options.port) || (isTls ? 443 : 80);
    if (options.socketPath || options.socket || isDirect(proxy, host, port)) {
      return genuine.call(this, options, callback);
    }
    connectThrough(proxy, host, port, (error, socket) => {
      if (error) return callback(error);
      callback(null, isTls ? tls.connect({ ...options, path: undefined, socket }) : socket);
    });
  };
}

if (process.env.HTTPS_PROXY && Number(process.versions.node.split(".")[0]) < FIRST_WITH_ENV_PROXY) {
  const proxy = new URL(process.env.HTTPS_PROXY);
  for (const [module, isTls] of [[http, false], [https, true]]) {
    const genuine = module.Agent.prototype.createConnection;
    module.Agent.prototype.createConnection = connectAgent(proxy, genuine, isTls);
  }
  if (typeof Headers !== "undefined" && globalThis[DISPATCHER]) {
    const Agent = globalThis[DISPATCHER].constructor;
    globalThis[DISPATCHER] = new Agent({ connect: connectFetch(proxy) });
  }
}
