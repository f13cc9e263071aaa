// Comfort only: without it every page works, and printing is in the browser's menu.
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
// The summary of what is wrong comes first for those who hear the page.
document.querySelector(".faults")?.focus();
// How far work is: the part that changes is fetched again, and the rest of the page stays as it is. Without script the page does it.
function again() {
  const live = document.querySelector("#live[data-again]");
  if (!live) return;
  setTimeout(async () => {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.querySelector("#live");
      // Signed out meanwhile, or the server says something else: let the browser show it.
      if (!next) return location.reload();
      live.replaceChildren(...next.childNodes);
      if (!next.dataset.again) delete live.dataset.again;
      // Those who hear the page are told when the state changes, not at every step.
      if (next.dataset.state !== live.dataset.state) {
        live.dataset.state = next.dataset.state;
        document.querySelector("#said").textContent = next.dataset.state;
      }
    } catch {
      // No network: the next time.
    }
    again();
  }, Number(live.dataset.again) * 1000);
}
again();
// What was looked at, of records drawn at random: remembered in this browser, under the record's id alone.
for (const box of document.querySelectorAll("[data-seen]")) {
  const key = `seen:${box.dataset.seen}`;
  box.checked = sessionStorage.getItem(key) !== null;
  box.addEventListener("change", () => {
    if (box.checked) sessionStorage.setItem(key, "1");
    else sessionStorage.removeItem(key);
  });
}
