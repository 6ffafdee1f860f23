/** Reading a plan, and reading it again until it is worked out. */
import { useEffect } from "preact/hooks";
import { useLoaded, type Loaded } from "../hooks";
import type { Model } from "../model";
import { loadPlan, type Plan } from "./detail";

const LOOK_AGAIN_MS = 1_500;

/** A plan by its id; while it is being worked out it is looked at again, as nobody tells of one that fails. */
export function usePlan(planId: string, model: Model): Loaded<Plan> {
  const loaded = useLoaded(planId, (signal) => loadPlan(planId, signal));
  const isWaiting = loaded.value?.state === "requested";
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(loaded.again, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isWaiting, planId]);
  useEffect(
    () =>
      model.onEvents((events) => {
        if (events.some((event) => event.type === "PlanReady" && event.data.plan_id === planId)) loaded.again();
      }),
    [model, planId],
  );
  return loaded;
}
