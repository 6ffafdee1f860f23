// Holds many socket.io-client sockets on the board of the province and notes when each hears of each report.
//   node sockets.mjs URL TOKEN COUNT TRANSPORT
// Prints "ready" once all are subscribed. On the line {"sent": {report_id: ms}} it prints the delays of
// every (report, socket) pair as percentiles in milliseconds, and ends.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, token, count, transport] = process.argv.slice(2);
const heard = new Map();

function note(socket, events) {
  const now = performance.timeOrigin + performance.now();
  for (const event of events) {
    if (event.type !== "ReportReceived") continue;
    const id = event.data.report_id;
    let times = heard.get(id);
    if (!times) heard.set(id, (times = new Float64Array(Number(count))));
    if (times[socket] === 0) times[socket] = now;
  }
}

function open(n) {
  return new Promise((done, failed) => {
    const socket = io(url, {
      transports: [transport],
      forceNew: true,
      reconnection: true,
      extraHeaders: { Authorization: `Bearer ${token}` },
    });
    socket.on("events", (events) => note(n, events));
    socket.once("connect", () =>
      socket.emit("subscribe", { area: "32" }, (answer) => (answer.ok ? done(socket) : failed(answer))),
    );
  });
}

for (let n = 0; n < Number(count); n += 25) {
  await Promise.all(Array.from({ length: Math.min(25, Number(count) - n) }, (_, k) => open(n + k)));
}
process.stdout.write("ready\n");

createInterface({ input: process.stdin }).once("line", (line) => {
  const { sent } = JSON.parse(line);
  const delays = [];
  let missed = 0;
  for (const [id, at] of Object.entries(sent)) {
    const times = heard.get(id);
    for (let n = 0; n < Number(count); n += 1) {
      if (times && times[n] > 0) delays.push(times[n] - at);
      else missed += 1;
    }
  }
  delays.sort((a, b) => a - b);
  const share = (p) => delays[Math.min(delays.length - 1, Math.floor(p * delays.length))] ?? null;
  process.stdout.write(
    JSON.stringify({ pairs: delays.length, missed, p50: share(0.5), p95: share(0.95), p99: share(0.99), max: share(1) }) + "\n",
  );
  process.exit(0);
});
