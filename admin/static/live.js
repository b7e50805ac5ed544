// Keeps what is marked current while somebody looks at it: [data-refresh], [data-preview]; and says times as they are
// where the browser is: <time>, [data-day]. Works on all pages.
"use strict";

const PREVIEW_S = 60;
const ANSWER_MS = 5000;
const NO_ANSWER = "The page does not answer: what follows is old.";
const SIGNED_OUT = "You are signed out. What you typed is kept when you send it, and here again after signing in.";

const AS = {
  short: (date) => date.toLocaleString([], { dateStyle: "medium", timeStyle: "short" }),
  time: (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }),
  moment: (date) => date.toLocaleString(),
};

function showLocalTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const show = AS[time.dataset.as ?? "moment"];
    if (show) time.textContent = show(new Date(time.dateTime));
  }
}

function sayWhenDayBegins(day) {
  const midnight = (text, days) => {
    const [year, month, date] = text.split("-").map(Number);
    return new Date(year, month - 1, date + days).toISOString().replace(".000Z", "+00:00");
  };
  day.form.addEventListener("submit", () => {
    day.form.elements.utc_from.value = day.value && midnight(day.value, 0);
    day.form.elements.utc_to.value = day.value && midnight(day.value, 1);
  });
}

// Changes only what differs, so that focus, scroll position, selection and opened details stay as they are, and a
// screen reader is told of nothing else
function update(there, wanted) {
  const old = [...there.childNodes];
  const fresh = [...wanted.childNodes];
  fresh.forEach((node, i) => {
    if (!old[i]) there.append(node);
    else if (old[i].nodeName !== node.nodeName || old[i].id !== node.id) old[i].replaceWith(node);
    else if ("data" in node) { if (old[i].data !== node.data) old[i].data = node.data; }
    else { updateAttributes(old[i], node); update(old[i], node); }
  });
  for (const left of old.slice(fresh.length)) left.remove();
}

function updateAttributes(there, wanted) {
  for (const { name } of [...there.attributes]) {
    if (!wanted.hasAttribute(name) && name !== "open") there.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (there.getAttribute(name) !== value) there.setAttribute(name, value);
  }
}

// Of the problems that the Health page lists, in the navigation and in the tab's title
function showCount(part) {
  const count = part.querySelector("[data-problems]")?.dataset.problems;
  if (count === undefined) return;
  const badge = document.querySelector("nav .count");
  badge.hidden = count === "0";
  badge.firstChild.data = count;
  document.title = document.title.replace(/^(\(\d+\) )?/, count === "0" ? "" : `(${count}) `);
}

function show(part, text) {
  const wanted = document.createElement("template");
  wanted.innerHTML = text;
  showLocalTimes(wanted.content);
  update(part, wanted.content);
  showCount(part);
}

// One for all parts of a page, as all have no answer at once; there before its words: many screen readers tell what
// changes in an alert, not one that comes with its words
const alarm = document.createElement("p");
alarm.setAttribute("role", "alert");

function keepCurrent(part) {
  let shown = "";
  let isLoading = false;
  const mark = (isOld, why = NO_ANSWER) => {
    part.classList.toggle("stale", isOld);
    const said = document.querySelector(".stale") ? why : "";
    if (alarm.textContent !== said) alarm.textContent = said;
    alarm.classList.toggle("error", said !== "");
  };
  const load = async () => {
    if (isLoading || document.visibilityState !== "visible" || "paused" in part.dataset) return;
    isLoading = true;
    try {
      const answer = await fetch(part.dataset.refresh, {
        headers: { "X-Requested-With": "drivewatch" }, signal: AbortSignal.timeout(ANSWER_MS),
      });
      // What was typed must stay: it is kept when it is sent, and there again after signing in
      if (answer.status === 401 && document.querySelector("[data-keep-typed]")) return mark(true, SIGNED_OUT);
      if (answer.status === 401) location.reload();
      if (!answer.ok) throw new Error(answer.statusText);
      const text = await answer.text();
      if (text !== shown) show(part, shown = text);
      mark(false);
      part.dispatchEvent(new Event("renewed"));
    } catch {
      mark(true);
    } finally {
      isLoading = false;
    }
  };
  setInterval(load, 1000 * part.dataset.everyS);
  document.addEventListener("visibilitychange", load);
}

function offerPreview(button) {
  const label = button.textContent;
  const picture = document.createElement("img");
  picture.className = "preview";
  picture.alt = "What the camera sees, with the face's outline";
  let until = 0;
  const stop = () => { until = 0; picture.remove(); button.textContent = label; };
  const next = () => {
    if (Date.now() > until || document.visibilityState !== "visible") return stop();
    picture.src = `${button.dataset.preview}?${Date.now()}`;
  };
  picture.addEventListener("load", () => setTimeout(next, 1000));
  picture.addEventListener("error", () => setTimeout(next, 1000));
  button.hidden = false;
  button.addEventListener("click", () => {
    if (until) return stop();
    until = Date.now() + 1000 * PREVIEW_S;
    button.after(picture);
    button.textContent = "Hide the picture";
    next();
  });
}

// A page that Back takes out of the browser's memory is as old as when it was left; what was typed there stays
addEventListener("pageshow", (event) => {
  if (event.persisted && !document.querySelector("[data-keep-typed]")) location.reload();
});
showLocalTimes(document);
document.querySelectorAll("[data-day]").forEach(sayWhenDayBegins);
document.querySelector("[data-refresh]")?.before(alarm);
document.querySelectorAll("[data-refresh]").forEach(keepCurrent);
document.querySelectorAll("[data-preview]").forEach(offerPreview);
