/** Why this supply, why not the next ones, and what would change it. */
import { word } from "../../words";
import { number, quantityOf } from "../format";
import { lackWord } from "../why";
import type { Match } from "./detail";

function flipSentence(flip: NonNullable<Match["why"]["flip"]>, name: (id: string) => string): string {
  const minutes = tenth(flip.minutes_longer);
  const turned =
    flip.goes_to === null
      ? word("plan.flip_open", { minutes })
      : word("plan.flip_to", { minutes, name: name(flip.goes_to) });
  return flip.out_of_time ? `${turned} ${word("plan.flip_time")}` : turned;
}

const tenth = (n: number) => number(Math.round(n * 10) / 10);

export function WhyMatch({ match, suppliers }: { match: Match; suppliers: Map<string, string> }) {
  const { terms, next = [], flip, price } = match.why;
  const name = (id: string) => suppliers.get(id) ?? word("plan.other_supply");
  return (
    <div class="why">
      {terms ? (
        <p>
          {word("plan.why_terms", {
            minutes: tenth(terms.minutes),
            keeps: tenth(terms.keeps_minutes),
            weight: tenth(terms.weight),
            cost: number(Math.round(terms.cost)),
          })}
        </p>
      ) : (
        <p>{word("plan.not_explained")}</p>
      )}
      {price ? <p>{word("plan.price", { n: number(Math.round(price / 60)) })}</p> : null}
      {next.length > 0 && (
        <>
          <h4>{word("plan.next")}</h4>
          <ul>
            {next.map((one) => (
              <li key={one.supply_id}>
                <strong>{name(one.supply_id)}</strong>, {word("why.minutes", { n: tenth(one.minutes) })},{" "}
                {word("why.free", { n: quantityOf(match.item, one.free) })}:{" "}
                {one.lacks.map((lack) => lackWord(lack, match.item)).join("; ")}
              </li>
            ))}
          </ul>
        </>
      )}
      {flip && <p>{flipSentence(flip, name)}</p>}
    </div>
  );
}
