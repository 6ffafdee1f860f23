/** Why this supply, why not the next ones, and what would change it; or why nothing, and what would. */
import { word } from "../../words";
import { number, quantityOf } from "../format";
import { flipWords, nextWord, openWords, priceWord, termsWord, type NameOf, type Why, type WhyOpen } from "../why";

interface Props {
  why: Why;
  item: string;
  name: NameOf;
  /** The ruling that the match follows. */
  ruling?: { by: string; reason: string } | undefined;
}

export function WhyMatch({ why, item, name, ruling }: Props) {
  const { terms, next = [], price } = why;
  if (ruling) return <p class="why">{word("plan.ruled_pin", { by: ruling.by, reason: ruling.reason })}</p>;
  return (
    <div class="why">
      <p>{terms ? termsWord(terms) : word("plan.not_explained")}</p>
      {price && <p>{priceWord(price)}</p>}
      {next.length > 0 && (
        <>
          <h4>{word("plan.next")}</h4>
          <ul>
            {next.map((one) => (
              <li key={one.supply_id}>
                <strong>{name(one.supply_id)}</strong>,{" "}
                {word("why.minutes", { n: number(Math.round(one.minutes * 10) / 10) })},{" "}
                {word("why.free", { n: quantityOf(item, one.free) })}: {nextWord(one, item)}
              </li>
            ))}
          </ul>
        </>
      )}
      <Sentences title={word("plan.flips")} sentences={flipWords(why, name)} />
    </div>
  );
}

function Sentences({ title, sentences }: { title: string; sentences: string[] }) {
  if (!sentences.length) return null;
  return (
    <>
      <h4>{title}</h4>
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </>
  );
}

export function WhyUnmet({ why, item, name }: { why: WhyOpen; item: string; name: NameOf }) {
  return <span class="why-unmet">{openWords(why, item, name).join(" ")}</span>;
}
