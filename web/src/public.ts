/** Public pages: show another incident at once, and say when the next figures are here. All else needs no script. */
const cut = document.getElementById("cut");
const fresh = document.getElementById("fresh");

/** Readers ask at different moments, so that a thousand phones are not one knock on the door. */
const SPREAD_MS = 20_000;
const AFTER_MS = 3_000;
const AGAIN_MS = 60_000;
const LONGEST_MS = 2 ** 31 - 1;

const incident = new URLSearchParams(location.search).get("incident") ?? "";

async function look(): Promise<void> {
  const known = cut?.dataset.next;
  try {
    const answer = await fetch(`/api/public/summary?incident=${encodeURIComponent(incident)}`, { cache: "no-cache" });
    const next = answer.ok ? ((await answer.json()) as { next_cut_at: string | null }).next_cut_at : known;
    if (next && next !== known && fresh) {
      fresh.hidden = false;
      return;
    }
  } catch {
    // No network: the figures that are here still stand.
  }
  setTimeout(() => void look(), AGAIN_MS + Math.random() * SPREAD_MS);
}

if (cut?.dataset.next && fresh) {
  const due = Date.parse(cut.dataset.next) - Date.now();
  const link = fresh.querySelector("a");
  if (link) link.href = location.href;
  setTimeout(() => void look(), Math.min(LONGEST_MS, Math.max(0, due) + AFTER_MS + Math.random() * SPREAD_MS));
}

for (const form of document.querySelectorAll<HTMLFormElement>("form.chooser")) {
  form.querySelector("select")?.addEventListener("change", () => form.submit());
  form.querySelector("button")?.remove();
}
