// The sheet that asks for a number on a scale, an amount, a few words, or whether one is sure.
import { instant, text } from "./wire.js";

// Answers what to log, or null when the person changed their mind.
export function ask(question) {
  const sheet = document.createElement("dialog");
  const form = make("form", { method: "dialog" });
  form.append(make("h2", { id: "question" }, question.name));
  sheet.setAttribute("aria-labelledby", "question");
  if (question.advice) {
    form.append(make("p", { className: "hint advice" }, question.advice));
  } else if (question.ask === "sure") {
    form.append(make("p", {}, text("sure")));
  }
  const fields = { scale, number, text: free, sure: () => () => ({}) }[question.ask](form, question);
  const at = question.at ? timeField(form, question.at) : null;
  const actions = make("p", { className: "actions" });
  const done = make("button", { value: "log", className: "strong" }, text(question.at ? "save" : "log"));
  actions.append(make("button", { value: "", type: "submit", formNoValidate: true }, text("cancel")), done);
  form.append(actions);
  sheet.append(form);
  document.body.append(sheet);
  sheet.showModal();
  return new Promise((resolve) => {
    sheet.addEventListener("close", () => {
      sheet.remove();
      if (sheet.returnValue !== "log") { resolve(null); return; }
      const { kind, subkind, value, unit, text: words } = question;
      const content = { kind, subkind, value, unit, text: words, ...fields() };
      if (at?.value) content.at = instant(at.value).toISOString();
      resolve(content);
    });
  });
}

function scale(form, question) {
  const [low, high] = question.kind === "function" ? [0, 4] : [0, 10];
  const group = make("fieldset", { className: "scale" });
  group.append(make("legend", { className: "unseen" }, question.name));
  for (let number = low; number <= high; number += 1) {
    const label = make("label");
    const input = make("input", { type: "radio", name: "scale", value: number, checked: number === question.value, required: true });
    label.append(input, make("span", {}, String(number)));
    group.append(label);
  }
  const ends = make("p", { className: "ends" });
  ends.append(make("span", {}, text(`low_${question.kind}`)), make("span", {}, text(`high_${question.kind}`)));
  form.append(group, ends);
  return () => ({ value: Number(new FormData(form).get("scale")) });
}

function number(form, question) {
  const input = make("input", { type: "number", step: "any", min: 0, inputMode: "decimal", required: true });
  input.value = question.value ?? "";
  field(form, `${text("amount")}${question.unit ? ` (${question.unit})` : ""}`, input);
  const note = noteField(form, question.text);
  return () => ({ value: Number(input.value), text: note.value.trim() || null });
}

function free(form, question) {
  const input = make("textarea", { maxLength: 2000, required: question.kind !== "remedy" && question.kind !== "symptom" });
  input.value = question.text ?? "";
  field(form, text(`ask_${question.kind}`) ?? text("note"), input);
  return () => ({ text: input.value.trim() || null });
}

function noteField(form, value) {
  const input = make("input", { type: "text", maxLength: 500 });
  input.value = value ?? "";
  field(form, text("note"), input);
  return input;
}

function timeField(form, at) {
  const input = make("input", { type: "datetime-local" });
  input.value = at;
  field(form, text("at"), input);
  return input;
}

function field(form, words, input) {
  const label = make("label", {}, words);
  label.append(input);
  form.append(label);
}

function make(name, properties = {}, words = "") {
  const element = Object.assign(document.createElement(name), properties);
  if (words) element.textContent = words;
  return element;
}
