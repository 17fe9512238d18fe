// One tap logs at once; where a question is open, a sheet asks it. Later entries: "it was at …".
import { ask } from "./ask.js";
import { deliver } from "./queue.js";
import { clock, failed, identity, instant, local, notice, text } from "./wire.js";

let ago = "0";

export function startLogging() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-log], [data-change], [data-delete], [data-ago]");
    if (!button) return;
    const { log, change, entry, at, name, ago: chosen } = button.dataset;
    if (chosen !== undefined) choose(button);
    else if (log) tapped(JSON.parse(log), button.dataset);
    else if (change) revise(entry, JSON.parse(change), at, name);
    else remove(button.dataset.delete, name);
  });
}

function choose(button) {
  ago = button.dataset.ago;
  for (const one of button.parentElement.children) one.setAttribute("aria-pressed", String(one === button));
  document.getElementById("at-label").hidden = ago !== "other";
  if (ago !== "other") return;
  const field = document.getElementById("at");
  field.value ||= local(new Date());
  field.focus();
}

function chosenTime() {
  const given = document.getElementById("at")?.value;
  if (ago === "other" && given) return instant(given);
  return new Date(Date.now() - (Number(ago) || 0) * 60000);
}

async function tapped(button, { name, advice, tier }) {
  const { kind, subkind, value, unit, text: words } = button;
  let content = { kind, subkind, value, unit, text: words };
  if (button.ask && button.ask !== "nothing") content = await ask({ ...button, name });
  else if (button.sure) content = (await ask({ ...button, name, advice, tier, ask: "sure" })) && content;
  if (content) await log(content, name);
}

async function log(content, name) {
  const entry = { ...content, entry_id: identity(), at: chosenTime().toISOString() };
  try {
    const there = await deliver("POST", "/api/v1/entries", entry);
    notice(text(there ? "logged" : "kept", { name, time: clock(new Date(entry.at)) }), [[text("undo"), () => remove(entry.entry_id, name)]]);
    document.dispatchEvent(new Event("refresh"));
  } catch (error) {
    failed(error);
  }
}

async function revise(entry, content, at, name) {
  const kind = typeof content.value === "number" ? "number" : "text";
  const changed = await ask({ ...content, ask: kind, name, at });
  if (changed) await change("PUT", `/api/v1/entries/${entry}`, changed, text("changed", { name }));
}

async function remove(entry, name) {
  const back = [text("restore"), () => change("POST", `/api/v1/entries/${entry}/restore`, undefined, text("restored", { name }))];
  await change("DELETE", `/api/v1/entries/${entry}`, undefined, text("deleted", { name }), [back]);
}

async function change(method, path, body, said, actions = []) {
  try {
    await deliver(method, path, body);
    notice(said, actions);
    document.dispatchEvent(new Event("refresh"));
  } catch (error) {
    failed(error);
  }
}
