// A JavaScript client for the tests. It prints what happens, one JSON array a line: [what, …].
// node client.mjs URL NAMESPACE TRANSPORTS [COOKIE] [ORIGIN]
import { io } from "socket.io-client";

const [url, namespace, transports, cookie, origin] = process.argv.slice(2);
const say = (...words) => process.stdout.write(JSON.stringify(words) + "\n");

const extraHeaders = {};
if (cookie) extraHeaders.Cookie = cookie;
if (origin) extraHeaders.Origin = origin;
const socket = io(url + namespace, {
  transports: transports.split(","),
  extraHeaders,
  reconnectionDelay: 50,
  reconnectionDelayMax: 200,
});

socket.on("connect", () => say("connect", socket.io.engine.transport.name));
socket.on("connect_error", (error) => say("connect_error", error.message));
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.onAny((name, ...payload) => say(name, ...payload));
socket.io.on("open", () => {
  socket.io.engine.on("upgrade", (transport) => say("upgrade", transport.name));
});
