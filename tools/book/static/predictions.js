/* What the reader has predicted stands beside the output that answers it: a quiz tells of
   it (utils/explorers/js/quiz.js), and the folded outputs below, up to the next quiz, show it. */

const FOLDS = ".bd-article .course-reveal, .bd-article .live-widget[data-module='quiz']";

/* The folded outputs that a quiz asks about. */
function foldsAfter(quiz) {
  const all = [...document.querySelectorAll(FOLDS)];
  const later = all.slice(all.indexOf(quiz) + 1);
  const end = later.findIndex((each) => each.matches(".live-widget"));
  return later.slice(0, end < 0 ? later.length : end);
}

function showPrediction(fold, text) {
  const summary = fold.querySelector("summary");
  summary.dataset.words ??= summary.textContent;
  summary.textContent = text ? `Output. You predicted: ${text}` : summary.dataset.words;
}

document.addEventListener("course-predicted", ({ target, detail }) => {
  const quiz = target.closest(".live-widget");
  for (const fold of quiz ? foldsAfter(quiz) : []) showPrediction(fold, detail.text);
});
