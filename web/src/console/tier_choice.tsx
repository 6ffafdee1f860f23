/** The tiers as buttons that stay pressed. */
import { word } from "../words";
import { TIERS, type Tier } from "./rows";

/** Which tiers are looked at; none at all means all of them. */
export function TierChoice({ chosen, choose }: { chosen: ReadonlySet<Tier>; choose: (tiers: Set<Tier>) => void }) {
  const toggle = (tier: Tier) => {
    const tiers = new Set(chosen);
    if (!tiers.delete(tier)) tiers.add(tier);
    choose(tiers.size ? tiers : new Set(TIERS));
  };
  return (
    <div class="tier-choice" role="group" aria-label={word("console.tiers")}>
      {TIERS.map((tier) => (
        <button
          key={tier}
          type="button"
          class={`tier t${tier}`}
          aria-pressed={chosen.has(tier)}
          title={word(`common.tiers.t${tier}`)}
          onClick={() => toggle(tier)}
        >
          T{tier}
        </button>
      ))}
    </div>
  );
}
