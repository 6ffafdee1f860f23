/** The console: the board with its map and lists, a case, and the plans. */
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import { word } from "../words";
import { boardPath, casePath, go, useAddress } from "./address";
import { Alarm } from "./alarm";
import { CasePane } from "./case/case_pane";
import { DeskEntry } from "./desk_entry";
import { DistressAlarm } from "./distress";
import { Help } from "./help";
import { useChanges, useWide } from "./hooks";
import { useKeyboard } from "./keyboard";
import { LentAccess } from "./lent_access";
import { ListPane } from "./list_pane";
import { EmptyMap, MapPane } from "./map_pane";
import { areaToAsk, Model } from "./model";
import { Problem, Waiting } from "./parts";
import { Plans } from "./plan/plans";
import { usePrinting } from "./printing";
import { incidentOf, setup } from "./setup";
import { Toasts } from "./toasts";
import { Toolbar } from "./toolbar";
import { Wall } from "./wall";

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
  const [isEntering, setEntering] = useState(false);
  const open = (caseId: number) => {
    setEntering(false);
    go(casePath(caseId));
  };
  const [isHelping, setHelping] = useState(false);
  const [isWall, setWall] = useWall();
  const help = () => setHelping(true);
  const enter = () => {
    go(boardPath());
    setEntering(true);
  };
  useKeyboard(model, address.screen === "board", { open, help, enter, wall: () => setWall(!isWall) });
  usePrinting(model, address.screen === "board");
  return (
    <div class={`console ${isWall ? "on-wall" : ""}`}>
      <Toolbar model={model} address={address} help={help} enter={enter} wall={() => setWall(true)} />
      <LinkProblem model={model} />
      <DistressAlarm model={model} />
      <LentAccess model={model} />
      {address.screen === "plans" ? (
        <Plans model={model} planId={address.planId} />
      ) : (
        <>
          <Alarm model={model} open={open} />
          {isWall ? (
            <Wall model={model} close={() => setWall(false)} />
          ) : (
            <Board model={model} opened={address.caseId} open={open}>
              {isEntering && address.caseId === null && (
                <DeskEntry model={model} open={open} close={() => setEntering(false)} />
              )}
            </Board>
          )}
        </>
      )}
      {isHelping && <Help close={() => setHelping(false)} />}
      <Toasts />
    </div>
  );
}

/** Whether the board is shown for a projector; the address says so, too. */
function useWall(): [boolean, (on: boolean) => void] {
  const [isOn, setOn] = useState(() => new URLSearchParams(location.search).has("wall"));
  useEffect(() => {
    document.body.classList.toggle("on-wall", isOn);
    const query = new URLSearchParams(location.search);
    if (isOn) query.set("wall", "1");
    else query.delete("wall");
    history.replaceState(null, "", query.size ? `${location.pathname}?${query}` : location.pathname);
  }, [isOn]);
  return [isOn, setOn];
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
  /** What stands where a case would. */
  children?: ComponentChildren;
}

/** On a wide screen the lists, the map and the case stand side by side; on a phone, one at a time. */
function Board({ model, opened, open, children }: BoardProps) {
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
            <section class="list-pane">
              <NoBoard model={model} />
            </section>
          ))}
        {showMap &&
          (model.board.ready ? (
            <MapPane model={model} opened={opened} open={open} covered={isWide && opened !== null ? PANEL_PX : 0} />
          ) : (
            <EmptyMap isComing={model.link.state === "starting"} />
          ))}
        {opened !== null && <CasePane key={opened} model={model} caseId={opened} close={close} open={open} />}
        {children}
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

/** What stands in the lists' place while there is no board: that it comes, or that it is asked for again. */
function NoBoard({ model }: { model: Model }) {
  if (model.link.state === "starting") return <Waiting />;
  if (model.link.state !== "behind") return null;
  return (
    <p class="notice warn" role="status">
      {word("console.link.no_board")}
    </p>
  );
}
