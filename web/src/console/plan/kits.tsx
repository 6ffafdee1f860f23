/** Kits whose contents would serve what a plan leaves open, and opening them with one click. */
import { useRef } from "preact/hooks";
import { newId } from "../../offline";
import { word } from "../../words";
import type { Result } from "../calls";
import { amount, quantityOf } from "../format";
import { useDoing } from "../hooks";
import type { Model } from "../model";
import { Do, Problem } from "../parts";
import { may } from "../setup";
import { changeStock } from "../sites/detail";
import { say } from "../toasts";
import type { NameOf } from "../why";
import type { Unmet } from "./detail";

/** So many kits of a lot, and how many of the wanted item they hold. */
export interface KitsToOpen {
  lot_id: string;
  site_id: string;
  kit: string;
  quantity: number;
  brings: number;
}

interface Props {
  one: Pick<Unmet, "case_id" | "item" | "quantity" | "why">;
  kits: Record<string, KitsToOpen[]>;
  name: NameOf;
  model: Model;
  done: () => void;
}

export function KitRemedy({ one, kits, name, model, done }: Props) {
  const doing = useDoing();
  // Each lot's opening keeps one id, so that pressing again after a lost answer opens nothing twice.
  const ids = useRef(new Map<string, string>());
  const toOpen = kits[one.item] ?? [];
  if (!one.why.kits || !toOpen.length) return null;
  const areas = toOpen.map((lot) => model.board.tables.sites.get(lot.site_id)?.area);
  const mayOpen = areas.every((area) => area !== undefined && may("stock:edit", area));
  const reason = word("plan.kits.reason", { item: word(`items.${one.item}`), id: one.case_id });
  const openAll = async (): Promise<Result<null>> => {
    for (const { lot_id, quantity } of toOpen) {
      const client_id = ids.current.get(lot_id) ?? newId();
      ids.current.set(lot_id, client_id);
      const opened = await changeStock("break_kit", { client_id, lot_id, quantity, reason });
      if (!opened.ok) return opened;
    }
    return { ok: true, value: null };
  };
  const press = async () => {
    await doing.run(async () => {
      const result = await openAll();
      if (result.ok) say(word("plan.kits.done"));
      return result;
    });
    done();
  };
  return (
    <div class="kit-remedy">
      <p>
        {word("plan.kits.would_serve", {
          n: quantityOf(one.item, Math.min(one.why.kits, one.quantity)),
          what: toOpen.map((lot) => whatWord(lot, name)).join(", "),
        })}
      </p>
      <Problem refusal={doing.refusal} />
      {mayOpen && (
        <Do busy={doing.busy} onClick={() => void press()}>
          {word("plan.kits.open")}
        </Do>
      )}
    </div>
  );
}

const whatWord = (lot: KitsToOpen, name: NameOf): string =>
  word("plan.kits.at", { what: amount(lot.kit, lot.quantity), name: name(lot.lot_id) });
