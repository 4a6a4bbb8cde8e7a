// Connects many dashboards and prints, once a second, how many events arrived: node many.mjs URL COUNT COOKIE
import { io } from "socket.io-client";

const [url, count, cookie] = process.argv.slice(2);
let connected = 0;
let events = 0;
let worst = 0;
for (let n = 0; n < Number(count); n++) {
  const socket = io(url, { transports: ["websocket"], extraHeaders: { Cookie: cookie }, forceNew: true });
  socket.on("connect", () => connected++);
  socket.on("disconnect", () => connected--);
  socket.on("event", (event) => {
    events++;
    if (event.type === "log") worst = Math.max(worst, Date.now() - Date.parse(event.timestamp));
  });
}
setInterval(() => {
  console.log(JSON.stringify({ connected, events, worst }));
  worst = 0;
}, 1000);
