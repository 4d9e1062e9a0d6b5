// node run.cjs ENGINE FOLDER: reads FOLDER/rules.json and FOLDER/rows.json (a JSON object a line), writes the answers
// of each lead to FOLDER/answers.json, and prints the least CPU seconds of three runs; reading is not timed.
const fs = require("fs");
const path = require("path");
const [engine, folder] = process.argv.slice(2);
const rules = JSON.parse(fs.readFileSync(path.join(folder, "rules.json")));
const rows = fs.readFileSync(path.join(folder, "rows.json"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));

const clipped = (value) => Math.max(0, Math.min(100, value));

function limited(row, [fit, missing, interest]) {
  const said = { authority: row.authority ? 1 : 0, need: row.need ? 1 : 0, budget: row.budget ? 1 : 0 };
  return { fit: clipped(fit), lowest: clipped(fit + missing), interest: clipped(interest), ...said };
}

function jsonLogic() {
  const { LogicEngine } = require("json-logic-engine");
  const scores = new LogicEngine().build(rules.scores);
  const follows = new LogicEngine().build(rules.follows);
  return async () => rows.map((row) => {
    const known = limited(row, scores(row));
    return [known.fit, known.interest, ...follows(known)];
  });
}

function jsonRules() {
  const { Engine } = require("json-rules-engine");
  const condition = ({ name, least }) => (least < 0
    ? { fact: name, operator: "equal", value: null }
    : { fact: name, operator: "greaterThanInclusive", value: least });
  const made = (list) => {
    const engine = new Engine([], { allowUndefinedFacts: true });
    for (const { place, all, points } of list) {
      engine.addRule({ conditions: { all: all.map(condition) }, event: { type: "points", params: { place, points } } });
    }
    return engine;
  };
  const [scores, follows] = [made(rules.criteria), made(rules.choices)];
  return async () => {
    const found = [];
    for (const row of rows) {
      const sums = [0, 0, 0];
      for (const { params } of (await scores.run(row)).events) sums[params.place] += params.points;
      const known = limited(row, sums);
      const rest = [9, 9, 0];
      for (const { params } of (await follows.run(known)).events) {
        const best = params.place === 2 ? Math.max : Math.min;
        rest[params.place] = best(rest[params.place], params.points);
      }
      found.push([known.fit, known.interest, ...rest]);
    }
    return found;
  };
}

async function main() {
  const work = engine === "json-logic-engine" ? jsonLogic() : jsonRules();
  let least = Infinity;
  let found = [];
  for (let run = 0; run < 3; run += 1) {
    const begun = process.cpuUsage();
    found = await work();
    const { user, system } = process.cpuUsage(begun);
    least = Math.min(least, (user + system) / 1e6);
  }
  fs.writeFileSync(path.join(folder, "answers.json"), JSON.stringify(found));
  console.log(JSON.stringify({ seconds: least }));
}

main();
