// Taps before the page's script is there wait for it, so that none is lost on a slow phone.
(() => {
  const early = [];
  const keep = (event) => {
    const button = event.target.closest("button[type=button]");
    if (button) early.push(button);
  };
  document.addEventListener("click", keep);
  document.addEventListener("started", () => {
    document.removeEventListener("click", keep);
    for (const button of early) button.click();
  }, { once: true });
})();
