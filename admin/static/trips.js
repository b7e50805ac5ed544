// Groups the trips by the days of the browser's time zone; the server's days are UTC's.
"use strict";

function groupByLocalDay(list) {
  const days = new Map();
  for (const trip of list.querySelectorAll("[data-began]")) {
    const day = new Date(trip.dataset.began).toLocaleDateString([], { weekday: "long", year: "numeric", month: "long", day: "numeric" });
    if (!days.has(day)) days.set(day, []);
    days.get(day).push(trip);
  }
  const sections = [...days].map(([day, trips]) => {
    const section = document.createElement("section");
    section.className = "day";
    const heading = section.appendChild(document.createElement("h2"));
    heading.textContent = day;
    const items = section.appendChild(document.createElement("ul"));
    items.className = "trips";
    items.append(...trips);
    return section;
  });
  if (sections.length) list.replaceChildren(...sections);
}

document.querySelectorAll("[data-days]").forEach(groupByLocalDay);
