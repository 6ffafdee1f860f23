/** What a site holds: each lot with what is on hand, held and free; and what its keeper does with it. */
import { useState } from "preact/hooks";
import { word } from "../../words";
import { day, number, quantityOf } from "../format";
import { Waiting } from "../parts";
import { items, may } from "../setup";
import type { Lot, Site } from "./detail";
import { CountAll } from "./count_all";
import { AdjustForm, BreakForm, ReceiveForm, TransferForm, WriteOffForm } from "./stock_forms";

interface Props {
  site: Site;
  lots: Lot[] | null;
  again: () => void;
}

export function Stock({ site, lots, again }: Props) {
  const [isReceiving, setReceiving] = useState(false);
  const [isCounting, setCounting] = useState(false);
  const canEdit = may("stock:edit", site.area);
  return (
    <section class="part" aria-label={word("sites.stock")}>
      <div class="row apart">
        <h2>{word("sites.stock")}</h2>
        {canEdit && (
          <div class="row">
            {lots && lots.length > 0 && (
              <button
                type="button"
                class="button small"
                aria-expanded={isCounting}
                onClick={() => setCounting(!isCounting)}
              >
                {word("sites.count_all")}
              </button>
            )}
            <button
              type="button"
              class="button small primary"
              aria-expanded={isReceiving}
              onClick={() => setReceiving(!isReceiving)}
            >
              {word("sites.receive")}
            </button>
          </div>
        )}
      </div>
      {isReceiving && (
        <ReceiveForm
          site={site}
          done={() => {
            setReceiving(false);
            again();
          }}
        />
      )}
      {isCounting && lots && (
        <CountAll
          site={site}
          lots={lots}
          done={() => {
            setCounting(false);
            again();
          }}
        />
      )}
      {!lots && <Waiting />}
      {lots && !lots.length && <p class="empty">{word("sites.no_lots")}</p>}
      {lots && lots.length > 0 && (
        <div class="scroll">
          <table class="table lots">
            <thead>
              <tr>
                <th scope="col">{word("sites.item")}</th>
                <th scope="col" class="number">
                  {word("sites.on_hand")}
                </th>
                <th scope="col" class="number">
                  {word("sites.held")}
                </th>
                <th scope="col" class="number">
                  {word("sites.free")}
                </th>
                <th scope="col">{word("sites.expiry")}</th>
                {canEdit && (
                  <th scope="col">
                    <span class="visually-hidden">{word("sites.do")}</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {lots.map((lot) => (
                <LotRows key={lot.id} lot={lot} canEdit={canEdit} again={again} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const ACTIONS = ["adjust", "transfer", "write_off"] as const;
type Action = (typeof ACTIONS)[number] | "break_kit";

const isKit = (lot: Lot): boolean => Object.keys(items.get(lot.item)?.contents ?? {}).length > 0;

function LotRows({ lot, canEdit, again }: { lot: Lot; canEdit: boolean; again: () => void }) {
  const [open, setOpen] = useState<Action | null>(null);
  const actions: readonly Action[] = isKit(lot) ? [...ACTIONS, "break_kit"] : ACTIONS;
  const done = () => {
    setOpen(null);
    again();
  };
  return (
    <>
      <tr>
        <th scope="row" data-label={word("sites.item")}>
          {word(`items.${lot.item}`)}
          {lot.gift_id && <span class="badge info">{word("sites.gift")}</span>}
        </th>
        <td class="number" data-label={word("sites.on_hand")}>
          {quantityOf(lot.item, lot.on_hand)}
        </td>
        <td class="number" data-label={word("sites.held")}>
          {number(lot.held)}
        </td>
        <td class="number" data-label={word("sites.free")}>
          <strong>{number(lot.free)}</strong>
        </td>
        <td data-label={word("sites.expiry")}>
          {lot.expiry ? day(lot.expiry) : "–"}
          {lot.is_expired && <span class="badge bad">{word("sites.expired")}</span>}
        </td>
        {canEdit && (
          <td class="lot-actions">
            {actions.map((action) => (
              <button
                key={action}
                type="button"
                class="link"
                aria-expanded={open === action}
                onClick={() => setOpen(open === action ? null : action)}
              >
                {word(`sites.actions.${action}`)}
              </button>
            ))}
          </td>
        )}
      </tr>
      {open && (
        <tr class="lot-form">
          <td colSpan={6}>
            {open === "adjust" && <AdjustForm lot={lot} done={done} />}
            {open === "transfer" && <TransferForm lot={lot} done={done} />}
            {open === "write_off" && <WriteOffForm lot={lot} done={done} />}
            {open === "break_kit" && <BreakForm lot={lot} done={done} />}
          </td>
        </tr>
      )}
    </>
  );
}
