// The token comes with the link, in the part of the URL that no browser sends, and stays with this tab.
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  sessionStorage.setItem("token", given);
  history.replaceState(null, "", location.pathname + location.search);
}

export const token = {
  get: () => sessionStorage.getItem("token"),
  set: (value) => sessionStorage.setItem("token", value.trim()),
};

// Refused is an answer with an error.
export class Refused extends Error {
  constructor(status, body) {
    super(body.text || "status " + status);
    this.status = status;
    this.kind = body.kind;
  }
}

async function send(method, path, query, body, signal) {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(query || {})) if (value !== "" && value != null) q.set(name, value);
  const headers = { Authorization: "Bearer " + token.get() };
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(path + (q.size ? "?" + q : ""), { method, headers, signal, body: body && JSON.stringify(body), cache: "no-store" });
  if (answer.ok) return answer;
  throw new Refused(answer.status, await answer.json().catch(() => ({})));
}

export const get = async (path, query) => (await send("GET", path, query)).json();
export const post = async (path, body) => (await send("POST", path, null, body)).json();

// list returns the rows of a listing, and throws if it was cut off. last is its last line.
export async function list(path, query) {
  const lines = (await (await send("GET", path, query)).text()).trim().split("\n").map((line) => JSON.parse(line));
  const last = lines.pop();
  if (last.error) throw new Refused(500, last.error);
  return { rows: lines, last };
}

// watch calls on with each overview of the stream, and again after each loss; state says how the stream stands.
export async function watch(on, state) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 10000)) {
    try {
      const answer = await send("GET", "/v1/events");
      state("live", answer.headers.get("Airlift-Right"));
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ; ) {
        const { value, done } = await reader.read();
        if (done) break;
        const messages = (rest + value).split("\n\n");
        rest = messages.pop();
        for (const message of messages) {
          const data = message.split("\n").find((line) => line.startsWith("data: "));
          if (data) { on(JSON.parse(data.slice(6))); wait = 500; }
        }
      }
      state("ended");
    } catch (e) {
      if (e.status === 401) return state("token");
      state("lost", e.message);
    }
    await new Promise((done) => setTimeout(done, wait));
  }
}
