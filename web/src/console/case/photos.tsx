/** Photos of a case's reports: hidden from everybody else until somebody here has looked. */
import { word } from "../../words";
import { post } from "../calls";
import { useDoing } from "../hooks";
import { Do, Problem } from "../parts";
import { may } from "../setup";
import type { CaseDetail, Photo } from "./detail";

export function Photos({ found, again }: { found: CaseDetail; again: () => void }) {
  if (!found.photos.length) return null;
  return (
    <section class="part">
      <h3>{word("case.photos")}</h3>
      <ul class="photos">
        {found.photos.map((photo) => (
          <li key={photo.id}>
            <OnePhoto photo={photo} area={found.area} again={again} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function OnePhoto({ photo, area, again }: { photo: Photo; area: string; again: () => void }) {
  const doing = useDoing();
  const act = async () => {
    await doing.run(() => post(`/api/photos/${photo.id}/${photo.is_shown ? "hide" : "show"}`));
    again();
  };
  return (
    <figure>
      <a href={`/api/photos/${photo.id}`} target="_blank" rel="noopener">
        <img src={`/api/photos/${photo.id}`} alt={word("case.photo", { n: photo.n + 1 })} loading="lazy" />
      </a>
      <figcaption>
        <span class={`badge ${photo.is_shown ? "good" : "warn"}`}>
          {word(photo.is_shown ? "case.photo_shown" : "case.photo_hidden")}
        </span>
        {may("photo:moderate", area) && (
          <Do busy={doing.busy} onClick={() => void act()}>
            {word(photo.is_shown ? "case.photo_hide" : "case.photo_show")}
          </Do>
        )}
        <Problem refusal={doing.refusal} />
      </figcaption>
    </figure>
  );
}
