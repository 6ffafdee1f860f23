/** What the staff wrote about a case. */
import { useState } from "preact/hooks";
import { moment, word } from "../../words";
import { useDoing } from "../hooks";
import { mayOf } from "../setup";
import { forgetTyped } from "../typed";
import { TextForm } from "./actions";
import { actOn, type CaseDetail } from "./detail";

export function Notes({ found, again }: { found: CaseDetail; again: () => void }) {
  const doing = useDoing();
  const [written, setWritten] = useState(0);
  const form = `case/${found.id}/note`;
  const write = async (text: string) => {
    if (await doing.run(() => actOn(found.id, "note", { text }))) {
      forgetTyped(form);
      setWritten(written + 1);
    }
    again();
  };
  return (
    <section class="part">
      <h3>{word("case.notes")}</h3>
      <ul class="notes">
        {found.notes.map((note) => (
          <li key={note.id}>
            <p>{note.text}</p>
            <p class="muted">
              {note.by} · {moment(note.at)}
            </p>
          </li>
        ))}
      </ul>
      {mayOf("case:edit", found) && (
        <TextForm
          key={written}
          form={form}
          field="text"
          label={word("case.new_note")}
          button={word("case.note")}
          busy={doing.busy}
          refusal={doing.refusal}
          act={(text) => void write(text)}
        />
      )}
    </section>
  );
}
