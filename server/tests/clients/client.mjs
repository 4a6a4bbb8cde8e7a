// A JavaScript client for the tests. Prints what happens, one JSON array a line: [event, …].
// node client.mjs URL NAMESPACE TRANSPORTS [COOKIE] [ORIGIN]
import { io } from "socket.io-client";

const [url, namespace, transports, cookie, origin] = process.argv.slice(2);
const printLine = (...words) => process.stdout.write(JSON.stringify(words) + "\n");

const extraHeaders = {};
if (cookie) extraHeaders.Cookie = cookie;
if (origin) extraHeaders.Origin = origin;
const socket = io(url + namespace, {
  transports: transports.split(","),
  extraHeaders,
  reconnectionDelay: 50,
  reconnectionDelayMax: 200,
});

socket.on("connect", () => printLine("connect", socket.io.engine.transport.name));
socket.on("connect_error", (error) => printLine("connect_error", error.message));
socket.on("disconnect", (reason) => printLine("disconnect", reason));
socket.onAny((name, ...payload) => printLine(name, ...payload));
socket.io.on("open", () => {
  socket.io.engine.on("upgrade", (transport) => printLine("upgrade", transport.name));
});
