// An open page of goods keeps itself current. The event stream only says "look
// again"; then this asks for the ordinary page and puts what differs into the
// open one: nodes that stay the same stay, so that scroll, focus, selection,
// what is opened and what is typed stay too. Without this file the page is as
// current as its loading.
"use strict";
(() => {
  const root = document.getElementById("live");
  if (!root || !window.EventSource) return;
  const words = { ...root.dataset };
  const button = root.querySelector("button");
  const said = root.querySelector("[role=status]");
  const address = location.pathname + location.search;
  const second = 1000;
  const marks = new Map(); // what is marked here, by key
  const seen = new Map(); // versions that were shown, by key
  let source, retry;
  let deaf = false; // the server does not hear of changes itself
  // It says something every 20 to 40 seconds. A connection that somebody on the
  // way has forgotten looks open and says nothing for ever.
  const silent = 45 * second;
  let spoke = 0;
  const dead = () => source && Date.now() - spoke > silent;
  const hears = () => source && source.readyState === EventSource.OPEN && !deaf && !dead();
  // What the server said of this page when it was loaded, so that the first look
  // need not bring it again.
  let tag = performance.getEntriesByType("navigation")[0]?.serverTiming?.find((t) => t.name === "page")?.description;
  if (tag) tag = `W/"${tag}"`;
  let paused = sessionStorage.getItem("live") === "paused";
  let over = false;

  // The state is in words beside the clock; who listens to the page is told
  // only when it changes, and a short break is no change.
  let state = "live";
  let patience;
  function say(next) {
    if (next === "reconnecting" && state === "live") {
      patience ??= setTimeout(show, 3 * second, next);
      return;
    }
    clearTimeout(patience);
    patience = undefined;
    show(next);
  }
  function show(next) {
    patience = undefined;
    state = next;
    const line = document.querySelector(".live");
    const text = line?.querySelector("[role=status]");
    if (!text || (line.classList.contains("live--off") && !line.dataset.off)) return; // the page itself says so
    if (text.textContent !== words[next]) text.textContent = words[next];
    line.classList.toggle("live--off", next !== "live");
    if (next === "live") delete line.dataset.off;
    else line.dataset.off = next;
  }

  function ended() {
    if (over || document.querySelector("#session[data-out]")) return; // signing out leads elsewhere
    over = true;
    hush();
    location.replace(words.end + "?return=" + encodeURIComponent(address));
  }

  // --- the stream

  function listen() {
    if (source || paused || over || document.hidden) return;
    clearTimeout(retry);
    spoke = Date.now();
    source = new EventSource(words.events);
    for (const word of ["open", "look", "lost", "beat"]) source.addEventListener(word, () => (spoke = Date.now()));
    source.addEventListener("open", (e) => {
      if (!(e instanceof MessageEvent)) return; // the browser's own; the server's follows
      delay = second;
      deaf = false;
      say("live");
      look(); // for what happened before it was open
    });
    source.addEventListener("look", () => {
      deaf = false;
      look();
    });
    source.addEventListener("lost", () => {
      deaf = true;
      say("reconnecting");
      lookIn(Math.random() * 5 * second); // there may be older data meanwhile, and not all pages ask at once
    });
    source.addEventListener("end", again); // perhaps there is another session by now
    source.addEventListener("error", () => {
      say("reconnecting");
      if (source && source.readyState === EventSource.CLOSED) again();
    });
  }
  let delay = second;
  function again() {
    hush();
    clearTimeout(retry);
    retry = setTimeout(() => {
      listen();
      look(); // says whether the session has ended
    }, delay);
    delay = Math.min(2 * delay, 60 * second);
  }
  function hush() {
    if (source) source.close();
    source = null;
  }

  // --- the page

  let busy = false;
  let wanted = false;
  let last = -second;
  let timer = 0;
  let later, pause;
  function lookIn(wait) {
    clearTimeout(later);
    later = setTimeout(look, wait);
  }
  async function look() {
    wanted = true;
    if (busy || timer || paused || over || document.hidden) return;
    const wait = last + second - performance.now();
    if (wait > 0) {
      timer = setTimeout(() => {
        timer = 0;
        if (wanted) look();
      }, wait);
      return;
    }
    busy = true;
    wanted = false;
    last = performance.now();
    try {
      await fetchPage();
    } catch {
      say("reconnecting");
      wanted = true;
      pause = Math.min(2 * (pause ?? 2.5 * second), 60 * second);
      lookIn(pause);
      return;
    } finally {
      busy = false;
    }
    if (wanted) look();
  }

  async function fetchPage() {
    const headers = { "Portal-Live": "1" };
    if (tag) headers["If-None-Match"] = tag;
    const answer = await fetch(address, { headers, cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(15 * second) });
    if (answer.status === 401 || answer.type === "opaqueredirect") return refuse();
    refused = 0;
    if (answer.status < 500) pause = undefined;
    if (answer.status === 404) return location.reload();
    if (answer.status === 304) return clock(new Date(answer.headers.get("Date")));
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (paused || over) return;
    if (whose(page) !== whose(document)) return location.reload(); // another window went over to another company
    tag = answer.headers.get("ETag");
    const was = !!stale();
    put(page);
    if (was !== !!stale()) speakOf(stale()?.querySelector("b").textContent ?? words.live);
    if (hears()) say("live");
    else show(state);
  }

  const stale = () => document.querySelector("[data-stale]");

  // One refusal is not the end: another window may be about to have a new
  // session, whose cookie is still on its way.
  let refused = 0;
  function refuse() {
    if (++refused > 1) return ended();
    setTimeout(look, 2 * second);
  }

  const whose = (page) => page.querySelector(".masthead .who .num")?.textContent;

  // clock moves the time on when nothing else has.
  function clock(at) {
    const time = document.querySelector(".live time");
    if (!time || isNaN(at)) return;
    time.dateTime = at.toISOString();
    time.firstChild.textContent = at.toLocaleTimeString("en-GB", { timeZone: "Asia/Baku" });
    if (hears()) say("live");
  }

  // --- what is new

  const versioned = (page) => [...page.querySelectorAll("main [data-v]")];
  const key = (n) => n.querySelector("a.reg")?.getAttribute("href") ?? n.dataset.v;
  const asOf = (page) => Date.parse(page.querySelector(".live time")?.dateTime ?? "") || Date.now();
  let base = asOf(document);
  const version = (page) => page.querySelector("[data-version]")?.dataset.version;

  // mark finds what the open page did not show, or showed differently, and marks
  // it on the new page, on top of what that page marks by itself.
  function mark(page) {
    const since = base - 10 * second; // what was stored then may have been seen later
    base = asOf(page);
    const news = [];
    let fresh = 0;
    for (const n of versioned(page)) {
      const k = key(n);
      const v = n.dataset.v;
      const before = seen.get(k);
      seen.set(k, v);
      if (before === undefined ? parseInt(v, 36) >= since : before !== v) {
        marks.set(k, before === undefined ? words.new : words.changed);
        if (before === undefined) fresh++;
        news.push(k);
      }
      const word = marks.get(k);
      if (!word || n.querySelector(".new")) continue;
      n.classList.add("is-new");
      const badge = document.createElement("span");
      badge.className = "new";
      badge.textContent = word;
      n.querySelector(".c-reg, b").append(" ", badge);
    }
    return { news, fresh };
  }

  // put brings the open page to what the new one is.
  function put(page) {
    const changed = version(page) !== version(document);
    const { news, fresh } = mark(page);
    const focus = document.activeElement;
    const selection = getSelection();
    const range = [selection.anchorNode, selection.anchorOffset, selection.focusNode, selection.focusOffset];
    const stay = scrollY > 0 && anchor();
    const top = stay && stay.getBoundingClientRect().top;

    document.title = page.title;
    morph(document.querySelector("main"), page.querySelector("main"));

    if (focus !== document.activeElement && focus !== document.body) {
      if (!focus.isConnected) document.querySelector("main").tabIndex = -1;
      (focus.isConnected ? focus : document.querySelector("main")).focus({ preventScroll: true });
    }
    const lost = selection.anchorNode !== range[0] || selection.anchorOffset !== range[1] || selection.focusNode !== range[2] || selection.focusOffset !== range[3];
    if (lost && range[0]?.isConnected && range[2]?.isConnected) {
      const within = (n, at) => Math.min(at, n.length ?? n.childNodes.length);
      selection.setBaseAndExtent(range[0], within(range[0], range[1]), range[2], within(range[2], range[3]));
    }
    if (stay && stay.isConnected) scrollBy(0, stay.getBoundingClientRect().top - top);
    if (news.length > 0 || changed) tell(news, fresh);
  }

  // anchor is what must not move in the window: what has the focus, or the
  // first row that is seen.
  function anchor() {
    const inside = (n) => {
      const r = n.getBoundingClientRect();
      return r.bottom > 0 && r.top < innerHeight && r.height > 0;
    };
    const focus = document.activeElement;
    if (focus !== document.body && focus.closest("main") && inside(focus)) return focus;
    return [...document.querySelectorAll("main tr, main h2, main section, main li, main p")].find((n) => inside(n) && n.getBoundingClientRect().top >= 0);
  }

  // --- telling

  let quiet = 0; // until when nothing more is said
  let waiting = { news: new Set(), fresh: new Set(), timer: 0 };
  function tell(news, fresh) {
    for (const k of news) {
      waiting.news.add(k);
      if (marks.get(k) === words.new && fresh > 0) waiting.fresh.add(k);
    }
    clearTimeout(waiting.timer);
    waiting.timer = setTimeout(speak, Math.max(0, quiet - performance.now()));
  }

  // speakOf says something to who listens to the page.
  function speakOf(text) {
    const p = document.createElement("p");
    p.className = "vh";
    p.textContent = text;
    said.replaceChildren(p);
  }

  function speak() {
    const { news, fresh } = waiting;
    waiting = { news: new Set(), fresh: new Set(), timer: 0 };
    quiet = performance.now() + 10 * second;
    const text = words.news.replace("{new}", fresh.size).replace("{changed}", news.size - fresh.size);
    const first = versioned(document).find((n) => news.has(key(n)));
    const out = first && (first.getBoundingClientRect().bottom < 0 || first.getBoundingClientRect().top > innerHeight);
    if (!out) return speakOf(text);
    const p = document.createElement("p");
    p.textContent = text;
    const toast = document.createElement("div");
    toast.className = "toast no-print";
    const act = (label, className, then) => {
      const b = document.createElement("button");
      b.type = "button";
      b.className = className;
      b.textContent = label;
      b.addEventListener("click", () => {
        said.replaceChildren();
        then();
      });
      return b;
    };
    toast.append(
      p,
      act(words.show, "toast__show", () => {
        first.scrollIntoView({ block: "center" });
        first.querySelector("a")?.focus({ preventScroll: true });
      }),
      act("×", "toast__close", () => {}),
    );
    toast.lastChild.ariaLabel = words.close;
    said.replaceChildren(toast);
  }

  // --- one tree to another

  const identity = (n) => {
    if (n.nodeType !== Node.ELEMENT_NODE) return "";
    if (n.localName === "option") return "=" + n.value;
    if (n.dataset.v) return key(n);
    return n.id || n.getAttribute("aria-labelledby") || "";
  };
  // What a person has opened or typed is theirs.
  const theirs = { details: ["open"], input: ["value", "checked"], option: ["selected"] };
  const chosen = new WeakSet(); // fields that a person has changed
  document.addEventListener("input", (e) => chosen.add(e.target));
  const opened = new WeakMap(); // of details: whether the server has them open
  function remember(tree) {
    for (const d of [tree, ...(tree.querySelectorAll?.("details") ?? [])]) {
      if (d.localName === "details") opened.set(d, d.open);
    }
    return tree;
  }
  // What nobody has opened or closed by hand is as the server has it: an empty
  // list shows how old the data is.
  function unfold(old, next) {
    const untouched = old.open === opened.get(old);
    opened.set(old, next.open);
    if (untouched && old.open !== next.open) old.open = next.open;
  }

  function morph(old, next) {
    if (old.isEqualNode(next)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== next.data) old.data = next.data;
      return;
    }
    if (kept(old)) return;
    if (chosen.has(old) || (old.form && old === document.activeElement)) return;
    if (old.localName === "details") unfold(old, next);
    const own = theirs[old.localName] ?? [];
    for (const { name } of [...old.attributes]) {
      if (!next.hasAttribute(name) && !own.includes(name)) old.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
      if (old.getAttribute(name) !== value && !own.includes(name)) old.setAttribute(name, value);
    }
    children(old, next);
  }

  // Named children are found by name, others in their order by kind. Whatever
  // need not move is not moved: a moved node loses the focus.
  const kept = (n) => n.dataset?.kept !== undefined;
  const kind = (n) => n.nodeName + " " + (n.classList?.[0] ?? "") + kept(n);
  function children(old, next) {
    const wanted = new Set([...next.childNodes].map(identity));
    const known = new Map();
    for (const n of [...old.childNodes]) {
      const id = identity(n);
      if (id && !wanted.has(id)) n.remove();
      else if (id) known.set(id, n);
    }
    let at = old.firstChild;
    for (const n of [...next.childNodes]) {
      const id = identity(n);
      let match = known.get(id);
      for (let m = at; !id && !match && m && !identity(m); m = m.nextSibling) {
        if (kind(m) === kind(n)) match = m;
      }
      if (match && match.nodeName !== n.nodeName) match = undefined;
      while (match && at && at !== match && !identity(at)) at = drop(at);
      if (!match) {
        old.insertBefore(remember(document.importNode(n, true)), at);
        continue;
      }
      if (match === at) at = at.nextSibling;
      else if (old.moveBefore) old.moveBefore(match, at);
      else old.insertBefore(match, at);
      known.delete(id);
      morph(match, n);
    }
    while (at) at = drop(at);
  }
  function drop(n) {
    const rest = n.nextSibling;
    if (!kept(n)) n.remove();
    return rest;
  }

  // --- the beginning

  for (const b of document.querySelectorAll("[data-print]")) {
    b.hidden = false;
    b.addEventListener("click", () => print());
  }
  for (const n of versioned(document)) seen.set(key(n), n.dataset.v);
  remember(document.querySelector("main"));
  document.documentElement.classList.add("is-live");
  button.hidden = false;
  const label = () => (button.textContent = paused ? button.dataset.resume : button.dataset.pause);
  label();
  button.addEventListener("click", () => {
    paused = !paused;
    sessionStorage.setItem("live", paused ? "paused" : "");
    label();
    if (paused) {
      hush();
      say("paused");
    } else {
      say("live");
      listen();
      look();
    }
  });
  if (paused) say("paused");
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return hush(); // a page that nobody sees waits
    listen();
    look();
  });
  addEventListener("pagehide", hush);
  addEventListener("pageshow", (e) => {
    if (!e.persisted) return;
    listen();
    look();
  });
  addEventListener("offline", () => !paused && say("reconnecting"));
  addEventListener("online", () => {
    hush();
    listen();
  });
  // A connection that sleep has cut says nothing; a clock that jumped does. And
  // the words of the page age by themselves, "as of" above all: about once a
  // minute it looks unasked, each page at a moment of its own.
  let beat = Date.now();
  const minute = (50 + 20 * Math.random()) * second;
  let looked = beat;
  setInterval(() => {
    const now = Date.now();
    if (now - beat > 30 * second) {
      hush();
      listen();
    } else if (dead()) {
      say("reconnecting");
      hush();
      listen();
      look();
    } else if (now - looked > minute) {
      looked = now;
      look();
    }
    beat = now;
  }, 5 * second);
  listen();
})();
