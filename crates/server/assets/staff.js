// Comfort only: without it every page works, and printing is in the browser's menu.
document.documentElement.classList.add("scripted");
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
// The summary of what is wrong comes first for those who hear the page.
document.querySelector(".faults")?.focus();
