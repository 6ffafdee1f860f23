/** Why the case is as urgent as it is: the terms that add up to its score. */
import { word } from "../../words";
import { number } from "../format";
import type { CaseDetail } from "./detail";

/** What each term can come to at most: server/domain/priority.py. */
const MOST: Record<string, number> = { S: 35, G: 20, V: 15, N: 10, W: 20 };
const tenth = (n: number) => number(Math.round(n * 10) / 10);

export function Score({ found }: { found: CaseDetail }) {
  return (
    <section class="part">
      <h3>
        {word("case.why_urgent")} <span class="muted">{tenth(found.score.total)} / 100</span>
      </h3>
      <table class="terms">
        <tbody>
          {Object.entries(found.score.terms).map(([name, points]) => (
            <tr key={name}>
              <th scope="row">{word(`case.terms.${name}`)}</th>
              <td>
                <span class="fill" aria-hidden="true">
                  <span class="fill-way" style={{ width: `${(100 * points) / (MOST[name] ?? 100)}%` }} />
                </span>
              </td>
              <td class="number">
                {tenth(points)} <span class="muted">/ {MOST[name]}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
