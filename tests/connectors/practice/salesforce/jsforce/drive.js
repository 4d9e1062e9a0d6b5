// Drive the practice Salesforce with jsforce and print, as JSON, what it gave. The pytest beside it judges.
// Usage: node drive.js URL USERNAME PASSWORD_WITH_TOKEN CLIENT_ID CLIENT_SECRET
"use strict";

const jsforce = require("jsforce");

const [url, username, password, clientId, clientSecret] = process.argv.slice(2);
const seen = {};

async function refusal(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return { name: error.name, code: error.errorCode, message: error.message };
  }
}

async function signIn() {
  const soap = new jsforce.Connection({ loginUrl: url, version: "62.0" });
  const user = await soap.login(username, password);
  seen.soap = { user: user.id, organization: user.organizationId, instance: soap.instanceUrl };
  seen.wrongPassword = await refusal(new jsforce.Connection({ loginUrl: url }).login(username, "wrong"));

  const oauth2 = { loginUrl: url, clientId, clientSecret };
  const oauth = new jsforce.Connection({ oauth2, version: "62.0" });
  await oauth.login(username, password);
  const who = await oauth.identity();
  seen.oauth = { user: who.user_id, username: who.username, instance: oauth.instanceUrl };
  return soap;
}

async function describe(connection) {
  const everything = await connection.describeGlobal();
  const lead = await connection.describe("Lead");
  const stage = lead.fields.find((field) => field.name === "Lifecycle_Stage__c");
  seen.describe = {
    objects: everything.sobjects.map((object) => object.name),
    fields: lead.fields.length,
    restricted: stage.restrictedPicklist,
    stages: stage.picklistValues.map((option) => option.value),
  };
}

async function query(connection) {
  const all = await connection.query("SELECT Id, Subject FROM Task", { autoFetch: true, maxFetch: 100000 });
  const first = await connection.query("SELECT Id FROM Task");
  const second = first.done ? first : await connection.queryMore(first.nextRecordsUrl);
  const visible = await connection.query("SELECT COUNT() FROM Lead");
  const deleted = await connection.query("SELECT COUNT() FROM Lead", { scanAll: true });
  const nested = await connection
    .sobject("Contact")
    .find({ "Account.Name": { $ne: null } }, "Id, Name, Account.Name, Account.Owner.Name")
    .sort("SystemModstamp", "DESC")
    .limit(3);
  seen.query = {
    fetched: all.records.length,
    total: first.totalSize,
    firstPage: first.records.length,
    secondPage: second.records.length,
    visible: visible.totalSize,
    withDeleted: deleted.totalSize,
    nested: nested.map((record) => [typeof record.Account.Name, typeof record.Account.Owner.Name]),
  };
}

async function write(connection) {
  const leads = connection.sobject("Lead");
  const made = await leads.create({ LastName: "Zażółć", Company: "Jürgen & Søn", Email: "z@example.org" });
  await leads.update({ Id: made.id, Lifecycle_Stage__c: "mql", Fit_Score__c: 12.5, MQL_Date__c: "2026-01-31T08:00:00Z" });
  const read = await leads.retrieve(made.id);
  const many = await leads.create(
    Array.from({ length: 200 }, (_, index) => ({ LastName: `Many ${index}`, Company: "Collections Inc" })),
    { allowRecursive: true },
  );
  const updated = await leads.update(many.map((result) => ({ Id: result.id, Temperature__c: "hot" })));
  const tasks = connection.sobject("Task");
  const key = { Leadline_Key__c: "jsforce-1", Subject: "Call back", WhoId: made.id };
  const inserted = await tasks.upsert(key, "Leadline_Key__c");
  const repeated = await tasks.upsert({ ...key, Subject: "Call again" }, "Leadline_Key__c");
  const gone = await leads.destroy(made.id);
  seen.write = {
    name: read.Name,
    stage: read.Lifecycle_Stage__c,
    score: read.Fit_Score__c,
    date: read.MQL_Date__c,
    created: many.filter((result) => result.success).length,
    updated: updated.filter((result) => result.success).length,
    upserts: [inserted.created, repeated.created, inserted.id === repeated.id],
    gone: gone.success,
    afterwards: await refusal(leads.update({ Id: made.id, Title: "x" })),
  };
  return many.map((result) => result.id);
}

async function refusals(connection, id) {
  const leads = connection.sobject("Lead");
  seen.refusals = {
    field: await refusal(connection.query("SELECT Nonsense FROM Lead")),
    object: await refusal(connection.query("SELECT Id FROM Nonsense")),
    syntax: await refusal(connection.query("SELECT Id FORM Lead")),
    picklist: await refusal(leads.update({ Id: id, Lifecycle_Stage__c: "nonsense" })),
    missing: await refusal(leads.create({ FirstName: "Only" })),
    nothing: await refusal(leads.retrieve("00Q000000000000AAA")),
  };
}

async function bulk(connection, ids) {
  connection.bulk2.pollInterval = 50;
  const loaded = await connection.bulk2.loadAndWaitForResults({
    object: "Lead",
    operation: "update",
    input: ids.map((id, index) => ({ Id: id, Lifecycle_Stage__c: index ? "sal" : "nonsense", Title: "Leiterin Ä" })),
  });
  const stream = await connection.bulk2.query("SELECT Id, Title FROM Lead WHERE Title = 'Leiterin Ä'", {
    pollInterval: 50,
  });
  const rows = await stream.toArray();
  seen.bulk = {
    successful: loaded.successfulResults.length,
    failed: loaded.failedResults.map((row) => row.sf__Error),
    unprocessed: loaded.unprocessedRecords.length,
    rows: rows.length,
    title: rows[0].Title,
  };
}

async function transform(connection, ids) {
  const [result] = [].concat(
    await connection.soap.convertLead([
      { leadId: ids[0], convertedStatus: "Qualified", opportunityName: "From a lead", doNotCreateOpportunity: false },
    ]),
  );
  const lead = await connection.sobject("Lead").retrieve(ids[0]);
  const master = { type: "Lead", Id: ids[1] };
  const [merged] = [].concat(await connection.soap.merge([{ masterRecord: master, recordToMergeIds: [ids[2]] }]));
  await connection.sobject("Lead").destroy(ids[3]);
  const [back] = [].concat(await connection.soap.undelete([ids[3]]));
  seen.transform = {
    converted: lead.IsConverted && lead.ConvertedContactId === result.contactId,
    opportunity: lead.ConvertedOpportunityId === result.opportunityId,
    merged: merged.success,
    loser: await refusal(connection.sobject("Lead").retrieve(ids[2])),
    back: (await connection.sobject("Lead").retrieve(ids[3])).Id === back.id,
  };
}

async function main() {
  const connection = await signIn();
  await describe(connection);
  await query(connection);
  const ids = await write(connection);
  await refusals(connection, ids[0]);
  await bulk(connection, ids);
  await transform(connection, ids);
  const limits = await connection.limits();
  seen.limits = { used: connection.limitInfo.apiUsage.used, max: limits.DailyApiRequests.Max };
  const { accessToken, instanceUrl } = connection;
  await connection.logout();
  const stale = new jsforce.Connection({ accessToken, instanceUrl, version: "62.0" });
  seen.afterLogout = await refusal(stale.query("SELECT Id FROM Lead LIMIT 1"));
  process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
