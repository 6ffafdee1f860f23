/** The live map's script. It is large, so a page loads it only when the map is looked at. */
import { open } from "./console/map/live_map";

window.tanggapMap = open;
