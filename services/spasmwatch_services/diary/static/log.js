// One tap logs at once; where a question is open, a sheet asks it.
import { deliver } from "./queue.js";
import { failed, identity, notice, text } from "./wire.js";

let later = null; // "it was at …": minutes ago, or a local time

export function startLogging() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-log]");
    if (button) tapped(JSON.parse(button.dataset.log), button.dataset.name);
  });
}

async function tapped(button, name) {
  await log({ kind: button.kind, subkind: button.subkind, value: button.value, unit: button.unit, text: button.text }, name);
}

async function log(content, name) {
  const entry = { ...content, entry_id: identity(), at: new Date().toISOString() };
  try {
    const there = await deliver("POST", "/api/v1/entries", entry);
    const time = new Date(entry.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    notice(text(there ? "logged" : "kept", { name, time }), [[text("undo"), () => undo(entry.entry_id)]]);
    document.dispatchEvent(new Event("refresh"));
  } catch (error) {
    failed(error);
  }
}

async function undo(entryId) {
  try {
    await deliver("DELETE", `/api/v1/entries/${entryId}`);
    notice(text("undone"));
    document.dispatchEvent(new Event("refresh"));
  } catch (error) {
    failed(error);
  }
}
