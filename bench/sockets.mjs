// Holds many Socket.IO sockets on the board of the province and notes when each hears of each report.
//   node sockets.mjs URL TOKEN COUNT
// Prints "ready" once all are subscribed. On the line {"sent": {report_id: ms}} it prints the delays of
// every (report, socket) pair as percentiles in milliseconds, and ends.
// It speaks the protocol itself (Engine.IO 4, Socket.IO 5) and looks for report ids in the text alone:
// parsing 100,000 events a second would measure this process and not the server. That real clients
// hear, too, is what tests/e2e shows with socket.io-client. Nor does it take packed messages: the server
// packs each once for all, but unpacking 500 copies of it would take this process a whole core.
import { createInterface } from "node:readline";
import WebSocket from "ws";

const [url, token, count] = process.argv.slice(2);
const address = `${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
const REPORT = /"type":"ReportReceived".*?"report_id":"([^"]+)"/g;
const heard = new Map();

function note(socket, text) {
  const now = performance.timeOrigin + performance.now();
  for (const [, id] of text.matchAll(REPORT)) {
    let times = heard.get(id);
    if (!times) heard.set(id, (times = new Float64Array(Number(count))));
    if (times[socket] === 0) times[socket] = now;
  }
}

function open(n) {
  return new Promise((done, failed) => {
    const socket = new WebSocket(address, { perMessageDeflate: false, headers: { Authorization: `Bearer ${token}` } });
    socket.on("error", failed);
    socket.on("message", (data) => {
      const text = data.toString("latin1");
      if (text.startsWith('42["events"')) note(n, text);
      else if (text.startsWith("0")) socket.send("40");
      else if (text.startsWith("40")) socket.send('420["subscribe",{"area":"32"}]');
      else if (text.startsWith("430")) text.includes('"ok":true') ? done(socket) : failed(new Error(text));
      else if (text === "2") socket.send("3");
    });
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
