// Two minutes before the end of the session this asks whether the person is
// still here. Only the server knows when the end is, since other windows and
// devices count too: it is asked first, and asking does not use the session.
// Windows of one browser tell each other. What somebody was writing when it
// ended is sent to a page that takes nothing and gives it back. Without this
// file the session ends in silence, and the next page says so.
"use strict";
(() => {
  const dialog = document.getElementById("session");
  if (!dialog || !dialog.showModal) return;
  const { state, end, said } = dialog.dataset;
  const warning = 120;
  const clock = dialog.querySelector("[data-clock]");
  const status = dialog.querySelector("[role=status]");
  const others = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;
  const whose = document.querySelector(".masthead .who .num")?.textContent;
  let timer, ticking, planned, over, left;

  const here = () => encodeURIComponent(location.pathname + location.search);
  const time = (s) => Math.floor(s / 60) + ":" + String(s % 60).padStart(2, "0");

  function plan(seconds) {
    const wait = Math.max(seconds - warning, 1) * 1000;
    clearTimeout(timer);
    planned = Date.now() + wait;
    timer = setTimeout(check, Math.min(wait, 2 ** 31 - 1));
  }

  // written is the form in which somebody has written: changed, or come back
  // with a mistake in it.
  function written() {
    const mistake = document.querySelector(".errors");
    const text = (e) => e.matches("textarea, input:not([type=hidden], [type=radio], [type=checkbox], [type=file])") && !e.readOnly;
    return [...document.querySelectorAll("main form[method=post]")].find((form) =>
      [...form.elements].some((e) => text(e) && e.value.trim() && (mistake || e.value !== e.defaultValue)));
  }

  // While somebody signs out, here or in another window, the end of the session
  // is no news: where that leads stands, for the other scripts of the page too.
  // A page that is still here after a while was not left: then it is news.
  const patience = 15000;
  let leaving;
  function out(signing) {
    clearTimeout(leaving);
    dialog.toggleAttribute("data-out", signing);
    if (!signing) return;
    leaving = setTimeout(() => {
      out(false);
      check();
    }, patience);
  }

  function ended(to) {
    if (over || (!to && "out" in dialog.dataset)) return;
    over = true;
    const form = to ? null : written();
    if (!form) return location.replace(to || end + "?return=" + here());
    if (!form.hasAttribute("data-gives-back")) form.action = end + "?return=" + here();
    form.submit();
  }

  // ask tells how many seconds are left, 0 if the session has ended and
  // undefined if nobody answers.
  async function ask(method) {
    try {
      const answer = await fetch(state, { method, cache: "no-store" });
      if (answer.status === 401) return 0;
      return answer.ok ? (await answer.json()).left : undefined;
    } catch {
      return undefined;
    }
  }

  function follow(seconds) {
    if (seconds === undefined) return plan(warning + 10); // ask again soon
    if (seconds <= 0) return ended();
    if (seconds > warning + 1) {
      close();
      return plan(seconds);
    }
    warn(seconds);
  }

  async function check() {
    follow(await ask("GET"));
  }

  function warn(seconds) {
    left = Date.now() + seconds * 1000;
    if (!dialog.open) dialog.showModal();
    clearInterval(ticking);
    ticking = setInterval(tick, 1000);
    tick();
  }

  function tick() {
    const seconds = Math.max(0, Math.round((left - Date.now()) / 1000));
    clock.textContent = time(seconds);
    if (status.textContent === "" || [60, 30, 10].includes(seconds)) status.textContent = said.replace("{time}", time(seconds));
    if (seconds === 0) {
      clearInterval(ticking);
      timer = setTimeout(check, 1000);
    }
  }

  function close() {
    clearInterval(ticking);
    status.textContent = "";
    if (dialog.open) dialog.close();
  }

  async function extend() {
    const seconds = await ask("POST");
    if (seconds === undefined) return; // the dialog stays, and so does its clock
    if (others && seconds > 0) others.postMessage("kept");
    follow(seconds);
  }

  dialog.querySelector("button").addEventListener("click", extend);
  dialog.addEventListener("cancel", (e) => {
    e.preventDefault(); // Escape says that somebody is here
    extend();
  });
  document.addEventListener("submit", (e) => {
    if (new URL(e.target.action).pathname !== "/sign-out") return;
    out(true);
    if (others) others.postMessage("out");
  });
  if (others) {
    others.onmessage = async ({ data }) => {
      // Another window is another company's, or another person's: the session
      // of this page is over, and nothing written for the one is sent for the
      // other.
      if (data.whose) return data.whose !== whose && (written() ? ended() : location.reload());
      if (data !== "out") return check();
      out(true);
      while ("out" in dialog.dataset) {
        if ((await ask("GET")) === 0) return ended("/?signed-out=1");
        await new Promise((done) => setTimeout(done, 250)); // it is on its way
      }
    };
    others.postMessage("kept"); // to open a page is to be here
    others.postMessage({ whose });
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() >= planned) check(); // after sleep
  });
  addEventListener("pageshow", (e) => {
    if (!e.persisted) return;
    out(false);
    check();
  });
  plan(Math.min(Number(dialog.dataset.left), Number(dialog.dataset.ends) - Date.now() / 1000));
})();
