// A page under a case: the time left runs down, and when the case is over the
// data leaves the screen at once, also when the network is gone. A page of
// supervision looks again when a case begins or ends. Without this file the
// browser does the former by itself at the same moment, and the latter now and
// then.
"use strict";
(() => {
  const banner = document.querySelector("[data-case]");
  const watch = document.querySelector("[data-events]:not(#live)");
  // Signing out leads elsewhere: what else would leave the page waits, in case
  // it does not.
  let wait = 0;
  document.addEventListener("submit", (e) => {
    if (new URL(e.target.action).pathname === "/sign-out") wait = 15000;
  });

  if (banner) {
    const clock = banner.querySelector("[data-clock]");
    const end = performance.now() + Number(banner.dataset.left) * 1000;
    let over = false;
    const leave = () => {
      if (over) return;
      over = true;
      clearInterval(timer);
      document.getElementById("main").replaceChildren();
      setTimeout(() => location.replace(banner.dataset.case), wait);
    };
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      clock.textContent = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
      if (left === 0) leave();
    };
    const timer = setInterval(tick, 1000);
    tick();
    document.addEventListener("visibilitychange", tick);
    // A page that the browser brings back from its memory is a look that
    // nobody registered.
    window.addEventListener("pageshow", (e) => {
      if (e.persisted) leave();
    });
    const events = new EventSource(banner.dataset.case + "/events");
    events.addEventListener("end", () => {
      events.close();
      leave();
    });
  }

  if (watch) {
    const events = new EventSource(watch.dataset.events);
    events.addEventListener("look", () => {
      // Nobody loses a reason that is being written.
      const busy = [...document.querySelectorAll("input:not([type=hidden])")].some((i) => i.value !== "" || i === document.activeElement);
      if (busy) return;
      events.close();
      location.reload();
    });
    events.addEventListener("end", () => {
      events.close();
      setTimeout(() => location.reload(), wait);
    });
  }
})();
