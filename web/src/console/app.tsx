/** The console: the board with its map and lists, a case, and the plans. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { word } from "../words";
import { boardPath, casePath, go, useAddress } from "./address";
import { Alarm } from "./alarm";
import { CasePane } from "./case/case_pane";
import { useChanges, useWide } from "./hooks";
import { useKeyboard } from "./keyboard";
import { ListPane } from "./list_pane";
import { MapPane } from "./map_pane";
import { areaToAsk, Model } from "./model";
import { Problem, Waiting } from "./parts";
import { Plans } from "./plan/plans";
import { incidentOf, setup } from "./setup";
import { Toasts } from "./toasts";
import { Toolbar } from "./toolbar";

const PANEL_PX = 480;

export function App() {
  const address = useAddress();
  const first = setup.workplace.incidents[0]?.slug ?? "";
  const incident = address.incident && incidentOf(address.incident) ? address.incident : first;
  const area = areaToAsk(address.area);
  const model = useMemo(() => new Model(incident, area), [incident, area]);
  useEffect(() => {
    model.start();
    return () => model.stop();
  }, [model]);
  useChanges(useCallback((listener) => model.subscribe(listener), [model]));
  const open = (caseId: number) => go(casePath(caseId));
  useKeyboard(model, address.screen === "board", open);
  return (
    <div class="console">
      <Toolbar model={model} address={address} />
      <LinkProblem model={model} />
      {address.screen === "plans" ? (
        <Plans model={model} planId={address.planId} />
      ) : (
        <>
          <Alarm model={model} open={open} />
          <Board model={model} opened={address.caseId} open={open} />
        </>
      )}
      <Toasts />
    </div>
  );
}

function LinkProblem({ model }: { model: Model }) {
  const { state, refusal } = model.link;
  if (state === "signed_out") {
    return (
      <p class="notice warn">
        {word("console.link.signed_out_now")}{" "}
        <a href={`/masuk?next=${encodeURIComponent(location.pathname + location.search)}`}>{word("nav.signin")}</a>
      </p>
    );
  }
  return state === "refused" ? <Problem refusal={refusal} /> : null;
}

interface BoardProps {
  model: Model;
  opened: number | null;
  open: (caseId: number) => void;
}

/** On a wide screen the lists, the map and the case stand side by side; on a phone, one at a time. */
function Board({ model, opened, open }: BoardProps) {
  const isWide = useWide();
  const [view, setView] = useState<"lists" | "map">("lists");
  const close = () => go(boardPath());
  const showLists = isWide || (view === "lists" && opened === null);
  const showMap = isWide || (view === "map" && opened === null);
  return (
    <>
      <div class={`board ${opened === null ? "" : "with-case"}`}>
        {showLists &&
          (model.board.ready ? (
            <ListPane model={model} open={open} opened={opened} />
          ) : (
            <section class="list-pane">{model.link.state === "refused" ? null : <Waiting />}</section>
          ))}
        {showMap && (
          <MapPane model={model} opened={opened} open={open} covered={isWide && opened !== null ? PANEL_PX : 0} />
        )}
        {opened !== null && <CasePane key={opened} model={model} caseId={opened} close={close} open={open} />}
      </div>
      {!isWide && opened === null && (
        <nav class="views" aria-label={word("console.views")}>
          {(["lists", "map"] as const).map((one) => (
            <button key={one} type="button" aria-pressed={view === one} onClick={() => setView(one)}>
              {word(`console.view.${one}`)}
            </button>
          ))}
        </nav>
      )}
    </>
  );
}
