// One tap judges a whole group.
import { failed, notice, send, text } from "./wire.js";

export function startReview() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-verdict]");
    if (!button) return;
    const spasms = JSON.parse(button.dataset.spasms);
    try {
      const { labels } = await send("POST", "/api/v1/labels", { verdict: button.dataset.verdict, spasms });
      for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
      notice(text("judged", { n: labels, verdict: button.textContent }));
    } catch (error) {
      failed(error);
    }
  });
}
