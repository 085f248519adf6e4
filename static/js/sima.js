// The page of a SİMA sign-in: it counts down, and asks for itself again when
// the telephone has moved on or the time is over. Without this file the page
// is refreshed by the browser and shows until when the code is good.
"use strict";
(() => {
  const clock = document.querySelector("[data-left]");
  if (!clock) return;
  const number = clock.querySelector("[data-clock]");
  const bar = clock.querySelector("[data-bar]");
  const total = Number(clock.dataset.total);
  const end = performance.now() + Number(clock.dataset.left) * 1000;
  const again = () => location.replace(location.pathname + location.search);
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    number.textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
    bar.setAttribute("width", String((100 * left) / total));
    if (left === 0) {
      clearInterval(timer);
      setTimeout(again, 1000);
    }
  };
  const timer = setInterval(tick, 1000);
  tick();
  clock.querySelector("[data-live]").hidden = false;
  clock.querySelector("[data-static]").hidden = true;
  const events = new EventSource("/sign-in/sima/events");
  events.addEventListener("look", () => {
    events.close();
    again();
  });
})();
