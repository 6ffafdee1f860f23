/** The changes of stock. A form keeps one client id, so that sending it twice changes stock once. */
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { newId } from "../../offline";
import type { Effect } from "../../store";
import { word } from "../../words";
import { amount, number, quantityOf } from "../format";
import { useDoing, useLoaded, type Doing } from "../hooks";
import { Do, Field, fieldsOf, Form } from "../parts";
import { items, setup } from "../setup";
import { say } from "../toasts";
import { forgetTyped, useTyped } from "../typed";
import { sendStock, loadSites, type Lot, type Site, type StockAction } from "./detail";

interface FormProps {
  /** The name under which is kept what is typed. */
  form: string;
  action: StockAction;
  fields: string[];
  doing: Doing;
  body: () => { quantity?: unknown; counted?: unknown; item?: unknown; reason?: unknown };
  /** What it says in the list of what waits, where there is no signal. */
  told: () => string;
  effects?: () => Effect[];
  done: () => void;
  children: ComponentChildren;
}

/** What is no whole number goes to the server as it was typed, which then says what is wrong with it; nothing is left out. */
const asNumber = (text: string): number | string | undefined =>
  /^-?\d+$/.test(text.trim()) ? Number(text.trim()) : text || undefined;

function StockForm({ form, action, fields, doing, body, told, effects = () => [], done, children }: FormProps) {
  const clientId = useRef(newId());
  const submit = async () => {
    const given = { client_id: clientId.current, ...body() };
    const sentence = `${word(`sites.actions.${action}`)}: ${told()}`;
    const changed = await doing.run(async () => {
      // Without a signal nobody else says so before it is too late.
      const wrong = navigator.onLine ? {} : wrongOf(action, given);
      if (Object.keys(wrong).length) return { ok: false, status: 422, refusal: { code: "invalid", message: "", fields: wrong } };
      return sendStock(action, given, sentence, Object.keys(wrongOf(action, given)).length ? [] : effects());
    });
    if (!changed) return;
    forgetTyped(form);
    say(word(changed === "kept" ? "sites.kept" : `sites.done.${action}`));
    done();
  };
  return (
    <Form refusal={doing.refusal} shown={fields} submit={submit}>
      {children}
      <Do submit tone="primary" busy={doing.busy}>
        {word(`sites.do_it.${action}`)}
      </Do>
    </Form>
  );
}

/** What is sure to be refused, by field. */
function wrongOf(action: StockAction, body: ReturnType<FormProps["body"]>): Record<string, string> {
  const wrong: Record<string, string> = {};
  const amountName = action === "adjust" ? "counted" : "quantity";
  const given = body[amountName];
  if (typeof given !== "number" || given < (action === "adjust" ? 0 : 1)) wrong[amountName] = word("sites.whole_number");
  if (action === "receive" && !body.item) wrong.item = word("sites.choose");
  const needsReason = action === "adjust" || action === "break_kit";
  if (needsReason && String(body.reason ?? "").trim().length < 3) wrong.reason = word("sites.reason_wanted");
  return wrong;
}

/** So many go out of a lot. */
const out = (lot: Lot, quantity: unknown): Effect[] => [{ lot_id: lot.id, on_hand: -Number(quantity), held: 0 }];

interface InputProps {
  name: string;
  label: string;
  value: string;
  set: (value: string) => void;
  wrong: string | undefined;
  numeric?: boolean;
  optional?: boolean;
  hint?: string;
}

function Input({ name, label, value, set, wrong, numeric = false, optional = false, hint = "" }: InputProps) {
  return (
    <Field name={name} label={label} wrong={wrong} optional={optional} hint={hint}>
      <input
        id={name}
        inputMode={numeric ? "numeric" : undefined}
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
    </Field>
  );
}

/** How many of what is free of a lot. */
function OfFree({ lot, hint, ...input }: Pick<InputProps, "name" | "value" | "set" | "wrong" | "hint"> & { lot: Lot }) {
  const free = word("sites.free_is", { n: quantityOf(lot.item, lot.free) });
  return <Input {...input} label={word("sites.quantity")} numeric hint={hint ? `${free} · ${hint}` : free} />;
}

export function ReceiveForm({ site, done }: { site: Site; done: () => void }) {
  const doing = useDoing();
  const form = `stock/${site.id}/receive`;
  const [item, setItem] = useTyped(form, "item", "");
  const [quantity, setQuantity] = useTyped(form, "quantity", "");
  const [expiry, setExpiry] = useTyped(form, "expiry", "");
  const [note, setNote] = useTyped(form, "note", "");
  const wrong = fieldsOf(doing.refusal);
  const goods = setup.workplace.items.filter((one) => one.kind === "goods");
  const unit = goods.find((one) => one.code === item)?.unit;
  const body = () => ({
    site_id: site.id,
    item: item || undefined,
    quantity: asNumber(quantity),
    expiry: expiry || undefined,
    note: note || undefined,
  });
  return (
    <StockForm
      form={form}
      action="receive"
      fields={["item", "quantity", "expiry", "note"]}
      doing={doing}
      body={body}
      told={() => amount(item, Number(quantity))}
      done={done}
    >
      <Field name="receive-item" label={word("sites.item")} wrong={wrong.item}>
        <select id="receive-item" value={item} onChange={(event) => setItem(event.currentTarget.value)}>
          <option value="">{word("sites.choose")}</option>
          {goods.map((one) => (
            <option key={one.code} value={one.code}>
              {word(`items.${one.code}`)}
            </option>
          ))}
        </select>
      </Field>
      <Input
        name="receive-quantity"
        label={unit ? word("sites.quantity_in", { unit: word(`units.${unit}`) }) : word("sites.quantity")}
        value={quantity}
        set={setQuantity}
        wrong={wrong.quantity}
        numeric
      />
      <Field name="receive-expiry" label={word("sites.expiry")} wrong={wrong.expiry} optional>
        <input
          id="receive-expiry"
          type="date"
          value={expiry}
          onInput={(event) => setExpiry(event.currentTarget.value)}
        />
      </Field>
      <Input name="receive-note" label={word("sites.note")} value={note} set={setNote} wrong={wrong.note} optional />
    </StockForm>
  );
}

/** The keeper says what was counted; the difference to the ledger is shown before it is written. */
export function AdjustForm({ lot, done }: { lot: Lot; done: () => void }) {
  const doing = useDoing();
  const form = `stock/${lot.id}/adjust`;
  const [counted, setCounted] = useTyped(form, "counted", "");
  const [reason, setReason] = useTyped(form, "reason", "");
  const wrong = fieldsOf(doing.refusal);
  const found = asNumber(counted);
  const difference = typeof found === "number" ? found - lot.on_hand : null;
  const hint =
    difference === null
      ? word("sites.by_ledger", { n: quantityOf(lot.item, lot.on_hand) })
      : word("sites.difference", { n: `${difference > 0 ? "+" : ""}${number(difference)}` });
  return (
    <StockForm
      form={form}
      action="adjust"
      fields={["counted", "reason"]}
      doing={doing}
      body={() => ({ lot_id: lot.id, counted: found, on_hand: lot.on_hand, reason: reason || undefined })}
      told={() => amount(lot.item, Number(found))}
      effects={() => [{ lot_id: lot.id, on_hand: difference ?? 0, held: 0 }]}
      done={done}
    >
      <Input
        name="counted"
        label={word("sites.counted")}
        value={counted}
        set={setCounted}
        wrong={wrong.counted}
        numeric
        hint={hint}
      />
      <Input name="adjust-reason" label={word("sites.reason")} value={reason} set={setReason} wrong={wrong.reason} />
    </StockForm>
  );
}

export function TransferForm({ lot, done }: { lot: Lot; done: () => void }) {
  const doing = useDoing();
  const form = `stock/${lot.id}/transfer`;
  const sites = useLoaded("sites", loadSites);
  const [target, setTarget] = useTyped(form, "target", "");
  const [quantity, setQuantity] = useTyped(form, "quantity", String(lot.free));
  const [reason, setReason] = useTyped(form, "reason", "");
  const wrong = fieldsOf(doing.refusal);
  const others = (sites.value ?? []).filter((site) => site.id !== lot.site_id && site.open);
  const chosen = others.find((site) => site.name === target);
  const body = () => ({
    lot_id: lot.id,
    to_site_id: chosen?.id ?? (target || undefined),
    quantity: asNumber(quantity),
    reason: reason || undefined,
  });
  return (
    <StockForm
      form={form}
      action="transfer"
      fields={["to_site_id", "quantity", "reason"]}
      doing={doing}
      body={body}
      told={() => `${amount(lot.item, Number(quantity))}, ${target}`}
      effects={() => out(lot, quantity)}
      done={done}
    >
      <Field name="transfer-site" label={word("sites.to_site")} wrong={wrong.to_site_id && word("sites.choose_site")}>
        <input
          id="transfer-site"
          list="transfer-sites"
          autocomplete="off"
          value={target}
          onInput={(event) => setTarget(event.currentTarget.value)}
        />
        <datalist id="transfer-sites">
          {others.map((site) => (
            <option key={site.id} value={site.name} />
          ))}
        </datalist>
      </Field>
      <OfFree name="transfer-quantity" lot={lot} value={quantity} set={setQuantity} wrong={wrong.quantity} />
      <Input
        name="transfer-reason"
        label={word("sites.note")}
        value={reason}
        set={setReason}
        wrong={wrong.reason}
        optional
      />
    </StockForm>
  );
}

/** Kits are opened; what comes out is shown before it is written. */
export function BreakForm({ lot, done }: { lot: Lot; done: () => void }) {
  const doing = useDoing();
  const form = `stock/${lot.id}/break_kit`;
  const [quantity, setQuantity] = useTyped(form, "quantity", "");
  const [reason, setReason] = useTyped(form, "reason", "");
  const wrong = fieldsOf(doing.refusal);
  const count = asNumber(quantity);
  const body = () => ({ lot_id: lot.id, quantity: count, reason: reason || undefined });
  const hint =
    typeof count === "number" && count > 0
      ? word("sites.kit_becomes", { what: contentsOf(lot.item, count) })
      : word("sites.kit_holds", { what: contentsOf(lot.item, 1) });
  return (
    <StockForm
      form={form}
      action="break_kit"
      fields={["quantity", "reason"]}
      doing={doing}
      body={body}
      told={() => amount(lot.item, Number(quantity))}
      effects={() => out(lot, quantity)}
      done={done}
    >
      <OfFree name="break-quantity" lot={lot} value={quantity} set={setQuantity} wrong={wrong.quantity} hint={hint} />
      {items.get(lot.item)?.holds_more && <p class="muted">{word("sites.kit_rest")}</p>}
      <Input name="break-reason" label={word("sites.reason")} value={reason} set={setReason} wrong={wrong.reason} />
    </StockForm>
  );
}

export function contentsOf(item: string, count: number): string {
  const held = Object.entries(items.get(item)?.contents ?? {});
  return held.map(([part, each]) => amount(part, each * count)).join(", ");
}

export function WriteOffForm({ lot, done }: { lot: Lot; done: () => void }) {
  const doing = useDoing();
  const form = `stock/${lot.id}/write_off`;
  const [quantity, setQuantity] = useTyped(form, "quantity", "");
  const [reason, setReason] = useTyped(form, "reason", lot.is_expired ? "expired" : "damaged");
  const [note, setNote] = useTyped(form, "note", "");
  const wrong = fieldsOf(doing.refusal);
  const body = () => ({ lot_id: lot.id, quantity: asNumber(quantity), reason, note: note || undefined });
  return (
    <StockForm
      form={form}
      action="write_off"
      fields={["quantity", "reason", "note"]}
      doing={doing}
      body={body}
      told={() => amount(lot.item, Number(quantity))}
      effects={() => out(lot, quantity)}
      done={done}
    >
      <OfFree name="off-quantity" lot={lot} value={quantity} set={setQuantity} wrong={wrong.quantity} />
      <Field name="off-reason" label={word("sites.reason")} wrong={wrong.reason}>
        <select id="off-reason" value={reason} onChange={(event) => setReason(event.currentTarget.value)}>
          {["expired", "damaged", "lost"].map((one) => (
            <option key={one} value={one}>
              {word(`stock_reasons.${one}`)}
            </option>
          ))}
        </select>
      </Field>
      <Input name="off-note" label={word("sites.note")} value={note} set={setNote} wrong={wrong.note} optional />
    </StockForm>
  );
}
