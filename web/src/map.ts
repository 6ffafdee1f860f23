/** The maps' script. It is large, so a page loads it only when a map is looked at. */
import { open } from "./console/map/live_map";
import { open as openPlan } from "./console/map/plan_map";

window.tanggapMap = open;
window.tanggapPlanMap = openPlan;
