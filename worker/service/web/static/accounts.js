import { $, make, number, text, time } from "./show.js";

let chosen = null; // the name; null: the one that the overview has chosen

// several says whether a queue has more than one account.
export const several = (o) => o.accounts.length > 1;

// ofChosen returns an overview whose account and run are the chosen ones.
export function ofChosen(o) {
  const account = o.accounts.find((a) => a.name === chosen) || o.account;
  return { ...o, account, run: account.run };
}

// named adds the account to what is asked of the holder, where there are others.
export const named = (o, body) => several(o) ? { account: o.account.name, ...body } : body;

// whose names the account in a question, where there are others.
export const whose = (o) => several(o) ? " the account " + o.account.name : "";

const stateOf = (a) => a.paused_by_hand && a.state !== "stopped" ? "paused" : a.state;

// showAccounts shows all accounts where there are several. choose is called after another was chosen.
export function showAccounts(o, choose) {
  $("accounts-card").hidden = !several(o);
  const body = $("accounts").tBodies[0], state = JSON.stringify([o.account.name, o.accounts]);
  if (!several(o) || body.dataset.state === state) return;
  body.dataset.state = state;
  while (body.rows.length > o.accounts.length) body.deleteRow(-1);
  o.accounts.forEach((a, i) => {
    const row = body.rows[i] || accountRow(body, choose);
    row.dataset.account = a.name;
    row.classList.toggle("chosen", a.name === o.account.name);
    text(row.name, a.name);
    row.name.setAttribute("aria-pressed", a.name === o.account.name);
    const until = a.paused_by_hand ? a.paused_by_hand.until : a.paused_until;
    text(row.state, stateOf(a) + (until ? " until " + time(until) : ""));
    row.state.className = a.state === "stopped" ? "bad" : stateOf(a) === "paused" ? "warn" : "good";
    number(row.today, a.submitted_today);
    const cap = a.daily_limit && a.learned_cap ? Math.min(a.daily_limit, a.learned_cap) : a.daily_limit || a.learned_cap;
    text(row.cap, cap ? cap.toLocaleString("en-US") : "not known");
    text(row.eta, a.forecast && a.forecast.eta ? time(a.forecast.eta).slice(0, 16) : "");
    text(row.why, (a.paused_by_hand ? a.paused_by_hand.reason : a.reason) || (a.run ? a.run.limit : "No run works this account."));
  });
}

function accountRow(body, choose) {
  const row = body.insertRow(), cell = (kind) => Object.assign(row.insertCell(), { className: kind || "" });
  cell().append(row.name = make("button", "", { class: "link", click: () => {
    chosen = row.dataset.account;
    choose();
  } }));
  row.state = make("span");
  cell().append(row.state);
  row.today = cell("n");
  row.cap = cell("n");
  row.eta = cell();
  row.why = cell();
  return row;
}
