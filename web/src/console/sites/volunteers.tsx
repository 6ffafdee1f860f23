/** Volunteers who wait to be accepted. The password made for them is shown once, to be handed over. */
import { useEffect, useRef, useState } from "preact/hooks";
import { moment, word } from "../../words";
import { useDoing, useLoaded } from "../hooks";
import { Do, Problem, Waiting } from "../parts";
import { wholePlaceName } from "../places";
import { may } from "../setup";
import { say } from "../toasts";
import { acceptVolunteer, loadVolunteers, refuseVolunteer, type Volunteer } from "./detail";

interface Account {
  id: string;
  name: string;
  one_time_password: string;
}

export function Volunteers() {
  const loaded = useLoaded("pending", (signal) => loadVolunteers("pending", signal));
  const [accounts, setAccounts] = useState<Account[]>([]);
  const waiting = (loaded.value ?? []).filter((one) => !accounts.some((account) => account.id === one.id));
  return (
    <>
      <h1>{word("sites.volunteers")}</h1>
      {accounts.map((account) => (
        <Once key={account.id} account={account} close={() => setAccounts(accounts.filter((one) => one !== account))} />
      ))}
      <Problem refusal={loaded.refusal} again={loaded.again} />
      {!loaded.value && loaded.loading && <Waiting />}
      {loaded.value && !waiting.length && <p class="empty">{word("sites.nobody_waits")}</p>}
      <ul class="site-cards">
        {waiting.map((one) => (
          <li key={one.id}>
            <Person one={one} accepted={(account) => setAccounts([...accounts, account])} again={loaded.again} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Once({ account, close }: { account: Account; close: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: "center" }), []);
  return (
    <div class="notice good once" role="status" ref={box}>
      <p>
        <strong>{word("sites.accepted", { name: account.name })}</strong>
      </p>
      <p>{word("sites.password_once")}</p>
      <dl class="facts">
        <dt>{word("sites.account")}</dt>
        <dd>{account.name}</dd>
        <dt>{word("sites.password")}</dt>
        <dd>
          <code>{account.one_time_password}</code>
        </dd>
      </dl>
      <Do onClick={close}>{word("sites.handed_over")}</Do>
    </div>
  );
}

interface PersonProps {
  one: Volunteer;
  accepted: (account: Account) => void;
  again: () => void;
}

function Person({ one, accepted, again }: PersonProps) {
  const doing = useDoing();
  const accept = async () => {
    const account = await doing.run(() => acceptVolunteer(one.id));
    if (account) accepted({ id: one.id, ...account });
    // Also after a lost race: somebody else may have decided.
    again();
  };
  const refuse = async () => {
    if (await doing.run(() => refuseVolunteer(one.id))) say(word("sites.refused"));
    again();
  };
  return (
    <article class="card">
      <p>
        <strong>{one.name ?? one.alias}</strong> {one.phone_last3 && <span class="muted">•••{one.phone_last3}</span>}
      </p>
      <p class="muted">{wholePlaceName(one.home_area)}</p>
      <p>
        {[one.vehicle && word(`vehicles.${one.vehicle}`), ...one.skills.map((skill) => word(`skills.${skill}`))]
          .filter(Boolean)
          .join(", ") || word("sites.no_skills")}
      </p>
      <p class="muted small">{moment(one.created_at)}</p>
      {may("volunteer:accept", one.home_area) && (
        <div class="row">
          <Do tone="primary" busy={doing.busy} onClick={() => void accept()}>
            {word("sites.accept")}
          </Do>
          <Do tone="quiet" busy={doing.busy} onClick={() => void refuse()}>
            {word("sites.refuse")}
          </Do>
        </div>
      )}
      <Problem refusal={doing.refusal} />
    </article>
  );
}
