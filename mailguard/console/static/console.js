// The only script of the console. Every page works without it: it writes how many messages have come into a list since
// it was shown, and moves the focus for who switched keyboard shortcuts on.
//
// INVARIANT: it sends no form, presses no button and asks for nothing but what a GET may answer, so it decides nothing.
// INVARIANT: it makes text of what it is told, never markup; every word comes from the server.
"use strict";

(() => {
  const EVERY_MILLISECONDS = 30000;

  const watch = (news) => {
    let asked = Date.now();
    let stale = news.dataset.stale;

    const say = (text, words) => {
      if (news.dataset.said === text) {
        return; // Said again it would be read out again.
      }
      news.dataset.said = text;
      news.textContent = text ? `${text} ` : "";
      if (text) {
        const link = document.createElement("a");
        link.className = "govuk-link";
        link.href = news.dataset.list;
        link.textContent = words;
        news.append(link);
      }
    };

    const ask = async () => {
      asked = Date.now();
      try {
        // Who is signed out is sent elsewhere, which is no answer.
        const answer = await fetch(news.dataset.ask, { cache: "no-store", redirect: "error" });
        if (!answer.ok) {
          throw new Error();
        }
        const found = await answer.json();
        stale = found.stale;
        document.title = found.title;
        say(found.news, found.show);
      } catch {
        say(stale, news.dataset.refresh);
      }
    };

    setInterval(() => {
      if (!document.hidden) {
        ask();
      }
    }, EVERY_MILLISECONDS);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && Date.now() - asked >= EVERY_MILLISECONDS) {
        ask();
      }
    });
  };

  const move = (step) => {
    const links = [...document.querySelectorAll(".mg-card h3 a")];
    const here = document.activeElement.closest(".mg-card");
    const at = links.findIndex((link) => link.closest(".mg-card") === here);
    const next = links[here === null ? (step > 0 ? 0 : links.length - 1) : at + step];
    if (next) {
      next.focus();
    }
  };

  const select = () => {
    const here = document.activeElement.closest(".mg-card");
    const box = here && here.querySelector("input[type=checkbox]");
    if (box) {
      box.checked = !box.checked;
    }
  };

  const focus = (selector) => {
    const found = document.querySelector(selector);
    if (found) {
      found.focus();
    }
    return found !== null;
  };

  const isTyping = (target) =>
    target.closest("textarea, select, [contenteditable]") !== null ||
    target.matches("input:not([type=checkbox]):not([type=radio])");

  const listen = () => {
    let before = "";
    document.addEventListener("keydown", (event) => {
      const first = before;
      before = "";
      if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || isTyping(event.target)) {
        return;
      }
      if (event.key === "/") {
        if (focus("#q")) {
          event.preventDefault(); // The box would get the key itself, or the browser would search the page.
        }
      } else if (event.key === "j") {
        move(1);
      } else if (event.key === "k") {
        move(-1);
      } else if (event.key === "x" && !event.repeat) {
        select();
      } else if (event.key === "d") {
        focus("[data-decision]");
      } else if (event.key === "?") {
        location.assign("/keys");
      } else if (event.key === "h" && first === "g") {
        location.assign("/queue");
      } else if (event.key === "g") {
        before = "g";
      }
    });
  };

  const news = document.getElementById("news");
  if (news) {
    watch(news);
  }
  if (document.body.dataset.shortcuts === "on") {
    listen();
  }
})();
