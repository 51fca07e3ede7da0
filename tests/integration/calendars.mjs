// calendars.mjs - the meetings of iCalendar texts as ical.js reads them: {"texts": [...], "until": "2041-01-01T00:00:00"} on standard input, a list of lists of
// unix seconds on standard output. The path of the module is the argument.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const ICAL = (await import(pathToFileURL(process.argv[2]))).default;
const { texts, until } = JSON.parse(readFileSync(0, "utf8"));

function meetings(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  ICAL.TimezoneService.reset();
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const events = calendar.getAllSubcomponents("vevent");
  const series = events.find((event) => !event.hasProperty("recurrence-id"));
  if (!series) return [];
  const event = new ICAL.Event(series, { exceptions: events.filter((one) => one !== series) });
  const walk = event.iterator();
  const out = [];
  for (let name = walk.next(); name && name.toString() < until; name = walk.next()) {
    const details = event.getOccurrenceDetails(name);
    if (details.item.component.getFirstPropertyValue("status") !== "CANCELLED") out.push(details.startDate.toUnixTime());
  }
  return out;
}

process.stdout.write(JSON.stringify(texts.map(meetings)));
