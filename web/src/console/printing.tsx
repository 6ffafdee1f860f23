/** The list that is shown, on paper: for the briefing, and for when the power goes. */
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { moment, word } from "../words";
import { number } from "./format";
import { whatOf } from "./list_pane";
import type { Model } from "./model";
import { placeName } from "./places";
import type { Summary } from "./summary";

/** About forty pages. */
const MOST = 1000;

/** Makes the paper just before the browser prints, by whatever way it was asked to. */
export function usePrinting(model: Model, isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return;
    const paper = document.createElement("div");
    paper.className = "paper";
    document.body.append(paper);
    const draw = () => render(<Paper model={model} />, paper);
    const clear = () => render(null, paper);
    addEventListener("beforeprint", draw);
    addEventListener("afterprint", clear);
    return () => {
      removeEventListener("beforeprint", draw);
      removeEventListener("afterprint", clear);
      clear();
      paper.remove();
    };
  }, [model, isOn]);
}

function Paper({ model }: { model: Model }) {
  const { tab, lists, incident } = model;
  const rows: Summary[] = tab === "running" ? [...new Set(lists.running.map((job) => job.case))] : lists[tab];
  return (
    <>
      <h1>
        {word(`console.tabs.${tab}`)} ({number(rows.length)})
      </h1>
      <p>
        {incident} · {word("console.print.at", { at: moment(new Date().toISOString()) })}
        {rows.length > MOST && ` · ${word("console.print.first", { n: number(MOST) })}`}
      </p>
      <table>
        <thead>
          <tr>
            {["tier", "case", "place", "what", "people", "due", "done"].map((name) => (
              <th key={name} scope="col">
                {word(`console.print.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map((summary) => (
            <tr key={summary.row.id}>
              <td>T{summary.tier}</td>
              <td>#{summary.row.id}</td>
              <td>{placeName(summary.row.area)}</td>
              <td>{whatOf(summary)}</td>
              <td>{summary.row.people === null ? "" : number(summary.row.people)}</td>
              <td>{summary.dueAt === null ? "" : moment(new Date(summary.dueAt).toISOString())}</td>
              <td>☐</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
