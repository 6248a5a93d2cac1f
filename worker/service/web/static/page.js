import { named, ofChosen, several, showAccounts, whose } from "./accounts.js";
import { get, list, post, token, watch } from "./net.js";
import { $, bars, countdown, line, make, number, perSecond, text, time } from "./show.js";

const span = 10 * 60 * 1000; // of the lines, at most
const pageRows = 100;
let overview = null, latest = null, frozen = false, acts = false;
const samples = [];

// ---- the overview

function show(all) {
  latest = all;
  const o = overview = ofChosen(all);
  samples.push({ at: Date.parse(o.time), rate: o.run ? o.run.rate : 0, latency: o.run ? o.run.answer_seconds : 0 });
  while (samples.length && samples[0].at < samples.at(-1).at - span) samples.shift();
  if (frozen) return;
  $("main").hidden = false;
  text($("place"), o.queue);
  showAccounts(o, choose);
  showGate();
  showNumbers(o);
  showForecast(o.account.forecast);
  showBatches(o.batches);
  showErrors(o.errors);
  showEvents(o.events);
  showLines();
}

// choose shows another account.
function choose() {
  samples.length = 0;
  days = null;
  show(latest);
  showDays().catch(() => {}); // the next overview tries again
}

const gateNames = { running: "open", stopped: "stopped", paused: "paused", idle: "at rest" };

function showGate() {
  const a = overview.account, until = a.paused_by_hand ? a.paused_by_hand.until : a.paused_until;
  const paused = a.paused_by_hand || a.state === "paused";
  text($("gate"), paused ? (until ? "paused, " + countdown(until) : "paused") : gateNames[a.state] || a.state || "open");
  $("gate").className = "big " + (a.state === "stopped" ? "bad" : paused ? "warn" : "good");
  const why = a.paused_by_hand ? a.paused_by_hand.reason : a.reason;
  text($("gate-why"), [why, until && "until " + time(until) + " UTC"].filter(Boolean).join("; "));
  $("resume").disabled = !paused && a.state !== "stopped";
  $("pause").disabled = !!a.paused_by_hand;
}

function showNumbers(o) {
  const run = o.run, a = o.account;
  text($("rate"), run ? perSecond(run.rate) : "no run");
  const hours = run && run.hours && !run.limit.includes(run.hours.text) ? "; " + run.hours.text : "";
  text($("limit"), run ? run.limit + hours : several(o) ? "No run works this account." : "No run works this queue.");
  number($("today"), a.submitted_today);
  const caps = [a.daily_limit && "of your " + a.daily_limit.toLocaleString("en-US"), a.learned_cap && "AiR's cap is " + a.learned_cap.toLocaleString("en-US")];
  text($("cap"), caps.filter(Boolean).join("; ") || "no daily limit is known");
  const left = o.batches.reduce((n, b) => n + b.pending + b.sending + b.in_doubt, 0);
  text($("eta"), o.eta ? time(o.eta).slice(0, 16) : left ? "not known" : "nothing left");
  text($("left"), left.toLocaleString("en-US") + " items left" + (o.in_doubt ? ", " + o.in_doubt.toLocaleString("en-US") + " in doubt" : ""));
  if (run && !$("set").contains(document.activeElement)) {
    $("set-rate").placeholder = run.limits.rate == null ? "unlimited" : run.limits.rate;
    $("set-workers").placeholder = run.limits.workers;
    $("set-daily").placeholder = run.limits.daily_limit || "none";
  }
}

// showForecast shows the range of the forecast, what it rests on, and the coming days.
function showForecast(f) {
  const r = f && f.eta_range, date = (at) => at ? time(at).slice(0, 10) : "some day";
  const range = r && (date(r.low) === date(r.high) ? date(r.low) : date(r.low) + " to " + date(r.high));
  text($("eta-why"), [r ? `${range}, ${Math.round(100 * r.likelihood)} % likely: ${r.why}` : f && f.items ? f.none : "", f && f.missed].filter(Boolean).join("; "));
  const days = f ? f.days : [], state = JSON.stringify(days);
  if ($("ahead").dataset.state === state) return;
  $("ahead").dataset.state = state;
  bars("ahead", days.map((d) => ({ name: d.day, value: d.expected })));
  text($("ahead-note"), days.length ? "until " + days.at(-1).day : "");
}

const counts = ["items", "submitted", "pending", "sending", "in_doubt", "failed", "cancelled"];

function showBatches(all) {
  const body = $("batches").tBodies[0];
  $("no-batches").hidden = all.length > 0;
  $("batches").hidden = all.length === 0;
  while (body.rows.length > all.length) body.deleteRow(-1);
  all.forEach((b, i) => {
    const row = body.rows[i] || batchRow(body);
    row.dataset.batch = b.batch;
    const done = b.items - b.pending - b.sending - b.in_doubt;
    text(row.name, b.batch);
    row.bar.max = Math.max(1, b.items);
    row.bar.value = done;
    text(row.percent, (b.items ? Math.floor(100 * done / b.items) : 0) + "%" + (b.incomplete ? ", being read" : "") + (b.paused_by_hand ? ", paused" : "") + (several(overview) ? ", account " + b.account : ""));
    for (const name of counts) number(row.counts[name], b[name]);
    text(row.eta, b.eta ? time(b.eta).slice(0, 16) : "");
    text(row.toggle, b.paused_by_hand ? "Resume" : "Pause");
    text(row.share, "Share " + b.share);
  });
  options($("f-batch"), all.map((b) => b.batch));
}

function batchRow(body) {
  const row = body.insertRow(), cell = (kind) => Object.assign(row.insertCell(), { className: kind || "" });
  const batch = () => row.dataset.batch, now = () => overview.batches.find((b) => b.batch === batch());
  cell().append(row.name = make("button", "", { class: "link", click: () => go({ batch: batch(), state: "", code: "", key: "", from: "" }) }));
  const bar = cell();
  bar.append(row.bar = document.createElement("progress"), row.percent = make("div"));
  row.counts = {};
  for (const name of counts) row.counts[name] = cell("n");
  for (const name of counts) row.counts[name].dataset.count = name;
  row.eta = cell();
  const steer = cell("act");
  steer.append(row.toggle = make("button", "Pause", { click: () => now().paused_by_hand
    ? confirm(`Resume the batch ${batch()}?`, () => post("/v1/resume", { batch: batch() }))
    : confirm(`Pause the batch ${batch()}? What is on its way is awaited.`, () => post("/v1/pause", { batch: batch(), reason: "paused on the page" })) }), " ",
  row.share = make("button", "Share", { click: () => confirm(`How many turns has the batch ${batch()}, compared with the others?`,
    (value) => post("/v1/set", { batch: batch(), share: Number(value) }), "Share, 1 to 100", String(now().share)) }));
  return row;
}

function options(select, names) {
  if (select.dataset.names === names.join("\n")) return;
  select.dataset.names = names.join("\n");
  const chosen = filters().batch || select.value;
  select.replaceChildren(...names.map((name) => Object.assign(make("option", name), { value: name })));
  if (names.includes(chosen)) select.value = chosen;
}

function showErrors(all) {
  const body = $("errors").tBodies[0], state = JSON.stringify(all);
  if (body.dataset.state === state) return;
  body.dataset.state = state;
  $("no-errors").hidden = all.length > 0;
  $("errors").hidden = all.length === 0;
  body.replaceChildren(...all.map((e) => {
    const row = make("tr"), n = make("td", null, { class: "n" });
    number(n, e.count);
    const example = make("td");
    example.append(make("span", e.example_key));
    const link = make("td");
    link.append(make("button", "Show rows", { class: "link", click: () => go({ batch: e.batch, state: "failed", code: e.code, key: "", from: "" }, true) }));
    row.append(make("td", e.code || "(no code)"), n, make("td", e.message), example, link);
    return row;
  }));
}

function showEvents(all) {
  const state = all.length ? all.at(-1).time + all.at(-1).count + all.length : "";
  if ($("log").dataset.state === state) return;
  $("log").dataset.state = state;
  $("log").replaceChildren(...all.toReversed().map((e) => make("li", `${time(e.time)}  ${e.level}  ${e.text}${e.batch ? "  " + e.batch : ""}${e.count > 1 ? `  (${e.count} times)` : ""}`,
    { class: e.level === "error" ? "bad" : e.level === "warn" ? "warn" : "" })));
}

function showLines() {
  const of = (name) => samples.map((s) => ({ at: s.at, value: s[name] }));
  text($("rate-note"), "to " + perSecond(line("rates", of("rate"), "the rate of the last minutes")));
  text($("latency-note"), "to " + line("latencies", of("latency"), "the time of AiR's answers in the last minutes").toFixed(2) + " s");
}

let days = null;
async function showDays() {
  const today = Math.floor(Date.parse(overview.time) / 86400000), account = overview.account.name;
  const of = async (day) => {
    const { Day } = await get("/v1/account", { account, day });
    return { name: new Date(day * 86400000).toISOString().slice(0, 10), value: Day.submitted, capped: Day.capped };
  };
  days = days && days.at(-1).name === new Date(today * 86400000).toISOString().slice(0, 10) ? days
    : await Promise.all(Array.from({ length: 14 }, (_, i) => of(today - 13 + i)));
  days[13].value = overview.account.submitted_today;
  const cap = overview.account.daily_limit || overview.account.learned_cap;
  bars("days", days, cap);
  text($("days-note"), cap ? "against " + cap.toLocaleString("en-US") : "");
}

// ---- the list of items

const names = ["batch", "state", "code", "key", "from", "bucket", "object", "version"];
function filters() {
  const q = new URLSearchParams(location.search);
  return Object.fromEntries(names.map((name) => [name, q.get(name) || ""]));
}

// go puts filters into the URL, and shows what they choose.
function go(change, jump) {
  const q = new URLSearchParams(Object.entries({ ...filters(), ...change }).filter(([, value]) => value !== ""));
  history.pushState(null, "", location.pathname + (q.size ? "?" + q : ""));
  fromURL();
  if (jump) $("h-items").scrollIntoView();
}

function fromURL() {
  const f = filters();
  if (f.batch) $("f-batch").value = f.batch;
  for (const name of ["state", "code", "key"]) $("f-" + name).value = f[name];
  showItems();
  if (f.object) showItem(f);
}

let shownList = 0;
async function showItems() {
  const f = filters(), batch = f.batch || (overview && overview.batches[0] && overview.batches[0].batch), asked = ++shownList;
  if (!batch) return text($("list-note"), "There is no batch yet.");
  text($("list-note"), "…");
  const rows = [], body = $("items").tBodies[0];
  let from = Number(f.from || 0), more = true;
  try {
    while (more && rows.length < pageRows) { // a part takes a moment at most, and says where it has ended
      const part = await list("/v1/items", { batch, state: f.state, code: f.code, key: f.key, from, limit: pageRows - rows.length, within: "25ms" });
      if (asked !== shownList) return;
      rows.push(...part.rows);
      more = part.last.next !== undefined;
      from = part.last.next;
      if (more) text($("list-note"), `${rows.length} found, looking on at no. ${from.toLocaleString("en-US")}…`);
    }
  } catch (e) {
    return text($("list-note"), e.message);
  }
  body.replaceChildren(...rows.map((it) => itemRow(it, batch)));
  $("items").hidden = rows.length === 0;
  text($("list-note"), rows.length ? `${rows.length === 1 ? "1 item" : rows.length + " items"}${more ? ", and there may be more" : ", to the last"}` : "No item matches.");
  $("next").disabled = !more;
  $("next").dataset.from = from;
  $("first").disabled = !f.from;
}

function itemRow(it, batch) {
  const row = make("tr"), n = make("td", null, { class: "n" }), key = make("td");
  number(n, it.seq || 0);
  key.append(make("button", it.bucket + "/" + it.key, { class: "link", click: () => {
    go({ batch, bucket: it.bucket, object: it.key, version: it.version || "" });
    $("h-item").scrollIntoView();
  } }));
  row.append(n, key, make("td", it.state), make("td", it.attempts || 0, { class: "n" }), make("td", it.code || ""), make("td", it.message || ""), make("td", time(it.at)));
  return row;
}

// ---- one object

async function showItem(f) {
  const batches = f.batch ? [f.batch] : overview.batches.map((b) => b.batch), story = $("story");
  $("s-bucket").value = f.bucket;
  $("s-key").value = f.object;
  try {
    for (const batch of batches) {
      const { found, item } = await get("/v1/item", { batch, bucket: f.bucket, key: f.object, version: f.version });
      if (!found) continue;
      const events = await get("/v1/history", { batch, seq: item.seq || 0 });
      return story.replaceChildren(details(item, batch), table(events));
    }
    story.replaceChildren(make("p", `No batch has the object ${f.bucket}/${f.object}.`, { class: "empty" }));
  } catch (e) {
    story.replaceChildren(make("p", e.message, { class: "bad" }));
  }
}

function details(item, batch) {
  const dl = make("dl");
  const known = { Object: item.bucket + "/" + item.key, Batch: batch, State: item.state, "Job of AiR": item.job_id, Code: item.code, Message: item.message,
    "Line of the source": item.line, Attempts: item.attempts };
  for (const [name, value] of Object.entries(known)) if (value) dl.append(make("dt", name), make("dd", value));
  return dl;
}

function table(events) {
  const all = make("table"), body = make("tbody");
  for (const e of events) {
    const row = make("tr"), took = e.duration_ms ? (e.duration_ms / 1000).toFixed(2) + " s" : "";
    row.append(...[time(e.at), e.kind + (e.attempt ? " " + e.attempt : ""), e.state, took, e.http_status || "", e.code || "", e.message || e.by || e.job_id || "",
      e.omitted ? e.omitted + " left out before" : ""].map((value) => make("td", value)));
    body.append(row);
  }
  all.append(body);
  return all;
}

// ---- steering

// confirm asks, with a value if it has a name, and then acts.
async function confirm(question, act, name, value) {
  const ask = $("ask");
  text($("question"), question);
  $("value-label").hidden = !name;
  text($("value-name"), name || "");
  $("value").value = value || "";
  ask.returnValue = "no";
  ask.showModal();
  await new Promise((closed) => ask.addEventListener("close", closed, { once: true }));
  if (ask.returnValue !== "yes") return;
  try {
    problem("");
    await act($("value").value);
  } catch (e) {
    problem(e.message);
  }
}

function problem(message) {
  text($("problem"), message);
  $("problem").hidden = !message;
}

// change counts what a bulk action would change, asks, and does it if there are still so many.
async function change(verb) {
  const f = filters(), selection = { batch: $("f-batch").value, state: f.state, code: f.code, keys: f.key ? [f.key] : undefined };
  try {
    problem("");
    const would = await finished(await post("/v1/" + verb, { ...selection, dry_run: true }));
    const n = would.items + would.in_doubt;
    await confirm(`${verb === "retry" ? "Retry" : "Cancel"} ${n.toLocaleString("en-US")} ${n === 1 ? "item" : "items"} of ${selection.batch}?`, async () => {
      const did = await finished(await post("/v1/" + verb, { ...selection, expect: n }));
      text($("list-note"), `${(did.items + did.in_doubt).toLocaleString("en-US")} items changed`);
    });
  } catch (e) {
    problem(e.message);
  }
}

async function finished(action) {
  while (!action.done) {
    await new Promise((done) => setTimeout(done, 200));
    action = await get("/v1/action", { id: action.id });
  }
  if (action.error) throw new Error(action.error.text);
  return action;
}

function set() {
  const body = {}, words = [];
  for (const [id, name, what] of [["set-rate", "rate", "requests a second"], ["set-workers", "workers", "workers"], ["set-daily", "daily_limit", "jobs a day"]]) {
    const value = $(id).value.trim();
    if (value === "") continue;
    if (!(Number(value) >= 0)) return problem(`${value} is no number of ${what}`);
    body[name] = Number(value);
    words.push(value + " " + what);
  }
  if (words.length) confirm(`Set ${words.join(", ")}${several(overview) ? " for" + whose(overview) : ""}? It is kept until it is changed.`, async () => {
    await post("/v1/set", named(overview, body));
    $("set").reset();
  });
}

// ---- the page

function freeze() {
  frozen = !frozen;
  $("freeze").setAttribute("aria-pressed", frozen);
  text($("freeze"), frozen ? "Go on" : "Freeze the view");
  if (latest && !frozen) show(latest);
}

function connected(how, detail) {
  if (how === "live") {
    acts = detail === "act";
    document.body.classList.toggle("acts", acts);
    $("steering").hidden = !acts;
  }
  $("entry").hidden = how !== "token";
  if (how === "token") $("main").hidden = true;
  text($("connection"), { live: "live", ended: "the process has ended, trying again", lost: "no connection, trying again", token: "no token" }[how]);
  $("connection").className = how === "live" ? "good" : "bad";
}

function start() {
  let first = true;
  watch((o) => {
    show(o);
    if (first) {
      first = false;
      fromURL();
      guessBucket();
    }
    if (!frozen) showDays().catch(() => {}); // the next overview tries again
  }, connected);
}

// guessBucket fills in the bucket of the first item: most archives have one.
async function guessBucket() {
  const batch = overview.batches[0] && overview.batches[0].batch;
  if (!batch || $("s-bucket").value) return;
  const { rows } = await list("/v1/items", { batch, limit: 1 });
  if (rows[0] && !$("s-bucket").value) $("s-bucket").value = rows[0].bucket;
}

$("freeze").addEventListener("click", freeze);
$("pause").addEventListener("click", () => confirm(`Pause${whose(overview)}? Nothing more is sent, also after a restart, until it is resumed. What is on its way is awaited.`,
  () => post("/v1/pause", named(overview, { reason: "paused on the page" }))));
$("resume").addEventListener("click", () => confirm(`Resume${whose(overview)}? A pause or stop is lifted, and one request is sent first.`, () => post("/v1/resume", named(overview, {}))));
$("retry").addEventListener("click", () => change("retry"));
$("cancel").addEventListener("click", () => change("cancel"));
$("set").addEventListener("submit", (e) => { e.preventDefault(); set(); });
$("filters").addEventListener("submit", (e) => {
  e.preventDefault();
  go({ batch: $("f-batch").value, state: $("f-state").value, code: $("f-code").value.trim(), key: $("f-key").value.trim(), from: "" });
});
$("search").addEventListener("submit", (e) => {
  e.preventDefault();
  const s3 = $("s-key").value.match(/^s3:\/\/([^/]+)\/(.*)$/);
  go({ bucket: s3 ? s3[1] : $("s-bucket").value, object: s3 ? s3[2] : $("s-key").value, version: "", batch: "" });
});
$("next").addEventListener("click", () => go({ from: $("next").dataset.from }, true));
$("first").addEventListener("click", () => go({ from: "" }, true));
$("entry").addEventListener("submit", (e) => { e.preventDefault(); token.set($("token").value); start(); });
addEventListener("popstate", fromURL);
addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, select, dialog")) return;
  if (e.key === "p") freeze();
  if (e.key === "/") { e.preventDefault(); $("s-key").focus(); }
});
setInterval(() => { if (overview && !frozen) showGate(); }, 1000);
start();
