"use strict";
(() => {
  const make = (tag, options = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), options);
    element.append(...children);
    return element;
  };
  let count = 0;
  const unique = (name) => `${name}-${++count}`;
  document.documentElement.classList.add("js");

  // A link to a closed part opens it
  const open = () => {
    const part = document.getElementById(location.hash.slice(1));
    if (part?.tagName === "DETAILS") part.open = true;
  };
  addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
  addEventListener("hashchange", open);
  open();

  // Theme
  const root = document.documentElement;
  const remembered = (value) => {
    try {
      if (value) localStorage.setItem("hashbench-theme", value);
      return localStorage.getItem("hashbench-theme");
    } catch { return null; }
  };
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = make("button", { type: "button", className: "theme" });
  const show = (value) => {
    if (value) root.dataset.theme = value;
    theme.textContent = dark() ? "Light theme" : "Dark theme";
  };
  theme.addEventListener("click", () => { show(dark() ? "light" : "dark"); remembered(root.dataset.theme); });
  show(remembered());
  document.querySelector(".top").append(theme);

  // Tables
  const text = (cell) => [...cell.childNodes].filter((node) => !(node.classList && (node.classList.contains("unseen") || node.classList.contains("flag"))))
    .map((node) => node.tagName === "SMALL" ? ` [${node.textContent}]` : node.textContent).join("").replaceAll("⚑", "").trim();
  const main = (cell) => [...cell.childNodes].filter((node) => node.tagName !== "SMALL" && !(node.classList
    && (node.classList.contains("unseen") || node.classList.contains("flag")))).map((node) => node.textContent).join("").trim();
  // As its heading has it: to the last digit, scaled, with the ends of its interval where the column has any
  const scaled = (value, head) => value === undefined ? "" : head.dataset.scale
    ? String(Number((value * head.dataset.scale).toPrecision(15))) : value;
  const exact = (cell, head) => cell.dataset.v === undefined || isNaN(cell.dataset.v) ? text(cell) : scaled(cell.dataset.v, head);
  const spread = (table, i) => rows(table).some((row) => row.cells[i] && row.cells[i].dataset.low !== undefined);
  const heads = (table) => [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  const title = (cell) => (cell.querySelector("button") ?? cell).textContent.trim();
  const groups = (table) => {
    const names = table.tHead.rows.length > 1
      ? [...table.tHead.rows[0].cells].flatMap((cell) => Array(cell.colSpan).fill(cell.textContent.trim())) : [];
    return heads(table).map((head, i) => `${names[i] ?? ""} ${title(head)}`.trim());
  };
  const rows = (table) => [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.hidden);
  const quoted = (value) => /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  const latex = (value) => value.replace(/[\\~^&%$#_{}<>|–∞×→ε−·]/g, (char) => ({
    "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "–": "--", "∞": "$\\infty$", "×": "$\\times$",
    "→": "$\\rightarrow$", "<": "$<$", ">": "$>$", "|": "$|$", "ε": "$\\varepsilon$", "−": "$-$", "·": "$\\cdot$",
  })[char] ?? `\\${char}`);
  const formats = {
    CSV: (table) => [
      groups(table).flatMap((name, i) => spread(table, i) ? [name, `${name} low`, `${name} high`] : [name]),
      ...rows(table).map((row) => [...row.cells].flatMap((cell, i) => {
        const head = heads(table)[i], ends = [cell.dataset.low, cell.dataset.high].map((value) => scaled(value, head));
        return spread(table, i) ? [exact(cell, head), ...ends] : [exact(cell, head)];
      })),
    ]
      .map((line) => line.map(quoted).join(",")).join("\n") + "\n",
    Markdown: (table) => {
      const line = (texts) => `| ${texts.map((value) => value.replaceAll("|", "\\|")).join(" | ")} |`;
      const rule = heads(table).map((head) => head.className.includes("number") ? "---:" : "---");
      return [line(groups(table)), `|${rule.join("|")}|`, ...rows(table).map((row) => line([...row.cells].map(text)))].join("\n") + "\n";
    },
    LaTeX: (table) => {
      const ends = heads(table).map((head) => head.className.includes("number") ? "r" : "l").join("");
      const line = (texts) => `  ${/^[[*]/.test(texts[0]) ? "{}" : ""}${texts.map(latex).join(" & ")} \\\\`;
      return [`\\begin{tabular}{${ends}}`, "  \\toprule", line(groups(table)), "  \\midrule",
        ...rows(table).map((row) => line([...row.cells].map(main))),
        "  \\bottomrule", "\\end{tabular}"].join("\n") + "\n";
    },
  };
  const copy = async (content) => {
    try { await navigator.clipboard.writeText(content); } catch {
      const area = make("textarea", { value: content, className: "unseen" });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  const order = (table, index, direction) => {
    const value = (row) => row.cells[index].dataset.v === undefined ? text(row.cells[index]) : Number(row.cells[index].dataset.v);
    const missing = (found) => found === "–" || found === "";
    for (const body of table.querySelectorAll("tbody:not(.base)")) {
      const sorted = [...body.rows].map((row) => [value(row), row]).sort(([a], [b]) => {
        if (missing(a) || missing(b)) return missing(a) - missing(b);
        const both = typeof a === "number" && typeof b === "number";
        return direction * (both ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true }));
      });
      body.append(...sorted.map(([, row]) => row));
    }
    heads(table).forEach((head, i) => {
      if (head.tagName === "TH") head.setAttribute("aria-sort", i !== index ? "none" : direction > 0 ? "ascending" : "descending");
    });
  };
  const sortable = (table) => heads(table).forEach((head, index) => {
    if (head.tagName !== "TH") return;
    const button = make("button", { type: "button", className: "sort" }, ...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const first = head.classList.contains("number") ? -1 : 1;
      const now = { ascending: 1, descending: -1, none: 0 }[head.getAttribute("aria-sort")];
      order(table, index, now ? -now : first);
    });
  });
  const filterable = (table, tools, said) => {
    const bodies = [...table.querySelectorAll("tbody:not(.base)")];
    const all = bodies.flatMap((body) => [...body.rows]);
    if (all.length < 4) return;
    const box = make("input", { type: "search", id: unique("filter"), placeholder: "words" });
    const choices = [];
    const apply = () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of all) {
        const whole = row.textContent.toLowerCase();
        row.hidden = !(words.every((word) => whole.includes(word))
          && choices.every(([index, select]) => !select.value || text(row.cells[index]) === select.value));
      }
      said.textContent = `${all.filter((row) => !row.hidden).length} of ${all.length} rows`;
    };
    tools.append(make("label", { htmlFor: box.id, textContent: "Filter" }), box);
    heads(table).forEach((head, index) => {
      const values = [...new Set(all.map((row) => text(row.cells[index])))];
      const labels = head.classList.contains("text") || /^(bits|seed)$/.test(title(head));
      if (!labels || values.length < 2 || values.length > 24 || values.length === all.length) return;
      const select = make("select", { id: unique("choice") }, make("option", { value: "", textContent: `any ${title(head)}` }),
        ...values.sort((a, b) => a.localeCompare(b, undefined, { numeric: true })).map((value) => make("option", { value, textContent: value })));
      select.setAttribute("aria-label", `Filter by ${title(head)}`);
      select.addEventListener("change", apply);
      choices.push([index, select]);
      tools.append(select);
    });
    box.addEventListener("input", apply);
  };
  for (const holder of document.querySelectorAll(".table")) {
    const table = holder.querySelector("table");
    const tools = make("div", { className: "tools" });
    const said = make("span", { className: "said", role: "status" });
    filterable(table, tools, said);
    for (const [name, write] of Object.entries(formats)) {
      const button = make("button", { type: "button", textContent: `Copy ${name}` });
      button.addEventListener("click", async () => {
        await copy(write(table));
        said.textContent = `copied ${rows(table).length} rows as ${name}`;
      });
      tools.append(button);
    }
    tools.append(said);
    holder.prepend(tools);
    sortable(table);
  }

  // Tabs
  for (const tabs of document.querySelectorAll(".tabs")) {
    const panels = [...tabs.querySelectorAll(":scope > .panel")];
    if (panels.length < 2) continue;
    const list = make("div", { className: "tablist" });
    list.setAttribute("role", "tablist");
    const buttons = panels.map((panel) => {
      panel.id = unique("panel");
      const button = make("button", { type: "button", id: unique("tab"), textContent: panel.dataset.tab });
      button.setAttribute("role", "tab");
      button.setAttribute("aria-controls", panel.id);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", button.id);
      return button;
    });
    const choose = (index, focus) => {
      buttons.forEach((button, i) => {
        button.setAttribute("aria-selected", String(i === index));
        button.tabIndex = i === index ? 0 : -1;
        panels[i].hidden = i !== index;
      });
      if (focus) buttons[index].focus();
    };
    buttons.forEach((button, i) => {
      button.addEventListener("click", () => choose(i, false));
      button.addEventListener("keydown", (event) => {
        const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: buttons.length - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        choose((to + buttons.length) % buttons.length, true);
      });
    });
    list.append(...buttons);
    tabs.prepend(list);
    choose(0, false);
  }

  // Pictures: a slider from the query to its adversarial twin, and a closer look
  const slider = (image, query) => {
    const under = make("img", { src: query.src, alt: "", className: "under" });
    image.before(under);
    const range = make("input", { type: "range", min: 0, max: 100, value: 100, className: "blend" });
    range.setAttribute("aria-label", `Blend from query to ${image.alt}`);
    range.addEventListener("input", () => { image.style.opacity = range.value / 100; });
    return range;
  };
  for (const sample of document.querySelectorAll(".sample")) {
    const query = sample.querySelector(".query img");
    for (const image of sample.querySelectorAll(".adversarial img")) image.closest("figure").append(slider(image, query));
  }
  const dialog = make("dialog", { className: "closer" });
  dialog.setAttribute("aria-label", "A closer look");
  document.body.append(dialog);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.zoom");
    if (!button) return;
    const image = button.querySelector("img:not(.under)");
    const large = make("img", { src: image.src, alt: image.alt });
    const change = button.querySelector(".change");
    const close = make("button", { type: "button", textContent: "Close" });
    close.addEventListener("click", () => dialog.close());
    const stack = make("div", { className: "stack" }, large);
    dialog.replaceChildren(stack, make("p", { textContent: image.alt }), close);
    const query = button.closest(".adversarial, .changed") && button.closest(".sample, .case").querySelector(".query img");
    if (query) close.before(slider(large, query));
    if (change) close.before(make("p", { textContent: change.alt }), make("img", { src: change.src, alt: change.alt, className: "shown" }));
    dialog.showModal();
  });
})();
