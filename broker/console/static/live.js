// Pages work without this. With it, a link appears when something is new; nothing moves by itself.
import { initAll } from "/static/govuk.js";
initAll();
const place = document.querySelector("[data-live]");
if (place) {
  let count = 0;
  let source;
  const open = () => {
    source = new EventSource(`/alerts/live?shown=${place.dataset.shown}`);
    source.addEventListener("listening", () => { place.dataset.live = "listening"; });
    source.addEventListener("changed", () => {
      count += 1;
      const link = document.createElement("a");
      link.href = "/";
      link.className = "govuk-link govuk-body";
      link.textContent = `${count} new ${count === 1 ? "alert" : "alerts"} – show`;
      place.replaceChildren(link);
    });
  };
  open();
  document.addEventListener("visibilitychange", () => {
    source.close();
    if (!document.hidden) open();
  });
}
