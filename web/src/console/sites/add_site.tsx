/** A new site: by an area, or by the place where one stands. */
import { useState } from "preact/hooks";
import { word } from "../../words";
import { AreaField, NO_AREA } from "../area_field";
import { useDoing } from "../hooks";
import { Do, Field, fieldsOf, Form } from "../parts";
import { forgetTyped, useTyped } from "../typed";
import { addSite, SITE_KINDS, type Site } from "./detail";

interface Place {
  lon: number;
  lat: number;
  accuracy_m: number;
}

const FORM = "site";
const HERE = ["name", "kind", "place", "place.lat", "place.lon", "area_code", "address"];

export function AddSite({ done }: { done: (site: Site) => void }) {
  const doing = useDoing();
  const [name, setName] = useTyped(FORM, "name", "");
  const [kind, setKind] = useTyped<string>(FORM, "kind", "post");
  const [area, setArea] = useTyped(FORM, "area", NO_AREA);
  const [place, setPlace] = useState<Place | null>(null);
  const [address, setAddress] = useTyped(FORM, "address", "");
  const [isPublic, setPublic] = useTyped(FORM, "is_public", false);
  const wrong = fieldsOf(doing.refusal);
  const submit = async () => {
    const where = place ? { place } : { area_code: area.code || undefined };
    const body = { name: name || undefined, kind, ...where, address: address || undefined, is_public: isPublic };
    const site = await doing.run(() => addSite(body));
    if (!site) return;
    forgetTyped(FORM);
    done(site);
  };
  return (
    <Form class="card site-form" refusal={doing.refusal} shown={HERE} submit={submit}>
      <h2>{word("sites.add")}</h2>
      <Field name="site-name" label={word("sites.name")} wrong={wrong.name}>
        <input id="site-name" value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </Field>
      <Field name="site-kind" label={word("sites.kind")} wrong={wrong.kind}>
        <select id="site-kind" value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
          {SITE_KINDS.map((one) => (
            <option key={one} value={one}>
              {word(`site_kinds.${one}`)}
            </option>
          ))}
        </select>
      </Field>
      <AreaField
        label={word("sites.area")}
        wrong={wrong.area_code ?? (place ? undefined : wrong.place)}
        chosen={area}
        choose={setArea}
      />
      <Here
        place={place}
        setPlace={setPlace}
        wrong={place ? (wrong.place ?? wrong["place.lat"] ?? wrong["place.lon"]) : undefined}
      />
      <Field name="site-address" label={word("sites.address")} wrong={wrong.address} optional>
        <input id="site-address" value={address} onInput={(event) => setAddress(event.currentTarget.value)} />
      </Field>
      <label class="tick">
        <input type="checkbox" checked={isPublic} onChange={(event) => setPublic(event.currentTarget.checked)} />
        {word("sites.public")}
      </label>
      <Do submit tone="primary" busy={doing.busy}>
        {word("sites.save")}
      </Do>
    </Form>
  );
}

/** The device's own place, which beats a chosen area. */
function Here({
  place,
  setPlace,
  wrong,
}: {
  place: Place | null;
  setPlace: (place: Place | null) => void;
  wrong: string | undefined;
}) {
  const [state, setState] = useState<"" | "asking" | "denied">("");
  const ask = () => {
    setState("asking");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setState("");
        setPlace({ lon: coords.longitude, lat: coords.latitude, accuracy_m: Math.round(coords.accuracy) });
      },
      () => setState("denied"),
      { enableHighAccuracy: true, timeout: 30_000 },
    );
  };
  return (
    <div class={`field ${wrong ? "wrong" : ""}`}>
      {wrong && <p class="problem">{wrong}</p>}
      {place ? (
        <p>
          {word("sites.here", { accuracy: place.accuracy_m })}
          <button type="button" class="link" onClick={() => setPlace(null)}>
            {word("sites.not_here")}
          </button>
        </p>
      ) : (
        <button type="button" class="button small" onClick={ask} disabled={state === "asking"}>
          {word(state === "asking" ? "sites.locating" : "sites.use_here")}
        </button>
      )}
      {state === "denied" && <p class="hint">{word("sites.no_location")}</p>}
    </div>
  );
}
