// What is logged without a connection waits here, on this phone, and is sent later; its id keeps it from doubling.
import { Rejected, failed, send, text } from "./wire.js";

const PLACE = `spasmwatch.queue.${document.body.dataset.visitor ?? ""}`;
const TRY_EVERY = 15000;

export function waiting() {
  try { return JSON.parse(localStorage.getItem(PLACE)) ?? []; } catch { return []; }
}

function keep(queue) {
  if (queue.length) localStorage.setItem(PLACE, JSON.stringify(queue));
  else localStorage.removeItem(PLACE);
  show();
}

// Answers true when the home has it, false when it waits.
export async function deliver(method, path, body) {
  if (waiting().length) { keep([...waiting(), { method, path, body }]); await drain(); return !waiting().length; }
  try {
    await send(method, path, body);
    return true;
  } catch (error) {
    if (error instanceof Rejected) throw error;
    keep([...waiting(), { method, path, body }]);
    return false;
  }
}

let draining = null;

export function drain() {
  draining ??= (async () => {
    try {
      while (waiting().length) {
        const [first] = waiting();
        try {
          await send(first.method, first.path, first.body);
        } catch (error) {
          if (!(error instanceof Rejected)) return;
          failed(error);
        }
        keep(waiting().slice(1));
      }
    } finally { draining = null; }
    document.dispatchEvent(new Event("refresh"));
  })();
  return draining;
}

function show() {
  const number = waiting().length;
  let banner = document.getElementById("queue");
  if (!banner) {
    banner = document.createElement("p");
    banner.id = "queue";
    banner.className = "banner";
    banner.setAttribute("role", "status");
    document.getElementById("content").prepend(banner);
  }
  banner.hidden = !number;
  banner.textContent = number ? `${text("offline")} ${text("waiting", { n: number })}` : "";
}

export function startQueue() {
  if (waiting().length) { show(); drain(); }
  addEventListener("online", drain);
  setInterval(() => { if (waiting().length) drain(); }, TRY_EVERY);
}
