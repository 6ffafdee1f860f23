/** With whom a case is: whom it was raised to, whom it was passed on to, and the way to pass it on. */
import { moment, word } from "../../words";
import { mayOf } from "../setup";
import type { CaseDetail } from "./detail";

export function Standing({ found }: { found: CaseDetail }) {
  const passed = found.referrals.filter((one) => one.state === "open");
  return (
    <>
      {found.escalations.map((one) => (
        <p class="notice warn" key={`${one.level} ${one.due_at}`}>
          {word("case.raised", { level: word(`levels.${one.level}`).toLowerCase(), when: moment(one.due_at) })}
        </p>
      ))}
      {passed.map((one) => (
        <p class="notice info" key={one.id}>
          {word("case.passed_to", { unit: one.to_name })}
        </p>
      ))}
      {mayOf("case:edit", found) && (
        <p>
          <a class="alone" href={`/konsol/kasus/${found.id}/oper`}>{word("case.pass_on")}</a>
        </p>
      )}
    </>
  );
}
