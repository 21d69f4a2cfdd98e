// Sends a task (JSON on standard input) with nodemailer: its own composer, then its own SMTP transport.
const fs = require("fs");
const root = "/usr/share/nodejs/nodemailer"; // Debian's, whichever node runs it
const nodemailer = require(root);
const MailComposer = require(root + "/lib/mail-composer");
const task = JSON.parse(fs.readFileSync(0));

const auth = task.bearer
  ? { type: "OAuth2", user: task.account, accessToken: task.bearer }
  : task.password ? { user: task.account, pass: task.password } : undefined;
const transport = nodemailer.createTransport({
  host: task.host, port: task.port, name: "pc.example", auth,
  secure: task.tls === "implicit", requireTLS: task.tls === "starttls",
  tls: { ca: fs.readFileSync(task.ca_file) },
});
const composer = new MailComposer({
  from: `Jo Reid <${task.sender}>`, to: task.to, cc: task.cc, subject: task.subject, text: task.text,
  attachments: task.files.map((path) => ({ path })), newline: "windows",
});
composer.compile().build((failed, raw) => {
  if (failed) throw failed;
  fs.writeFileSync(task.sent_file, raw);
  transport.sendMail({ envelope: { from: task.sender, to: task.recipients }, raw }, (error, info) => {
    console.log(error ? String(error) : info.response);
    process.exit(error || info.rejected.length ? 1 : 0);
  });
});
