// Listens with npm socket.io-client as any outsider would, and prints what it hears, a JSON line each.
//   node listen.mjs URL TRANSPORT TOKEN SUBSCRIPTION...
// Each SUBSCRIPTION is the JSON that `subscribe` is called with; "-" for TOKEN means nobody.
import { io } from "socket.io-client";

const [url, transport, token, ...wanted] = process.argv.slice(2);
const say = (kind, value) => process.stdout.write(JSON.stringify({ kind, value }) + "\n");

// Who reads has gone: so do we.
process.stdout.on("error", () => process.exit());

const socket = io(url, {
  transports: [transport],
  reconnectionDelayMax: 1000,
  extraHeaders: token === "-" ? {} : { Authorization: `Bearer ${token}` },
});
socket.on("connect", () => {
  say("connected", socket.id);
  for (const subscription of wanted) {
    socket.emit("subscribe", JSON.parse(subscription), (answer) => say("subscribed", answer));
  }
});
socket.on("disconnect", (reason) => say("disconnected", reason));
socket.on("connect_error", (error) => say("refused", error.message));
socket.on("events", (events) => say("events", events));
process.on("SIGTERM", () => {
  socket.close();
  process.exit(0);
});
