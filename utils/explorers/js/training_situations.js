/**
 * Prepared situations: settings that break a training or repair it, with a question before and
 * an answer after. tests/utils/test_training_situations.py holds what the answers say.
 */

/** @type {{ name: string, title: string, settings: object, epochs: number, question: string,
 *   answer: string }[]} */
export const SITUATIONS = [
  {
    name: "usual",
    title: "The usual: it learns",
    settings: {},
    epochs: 5,
    question: "A network that knows nothing guesses one of ten classes. What is its accuracy before the first step, and how many epochs does it take to 0.9?",
    answer: "About 0.1 before the first step. After one epoch, 157 steps, it is above 0.85; 0.9 comes within the first two. The filters of the first layer hardly look different then: small changes are enough.",
  },
  {
    name: "too-fast",
    title: "A learning rate that is too high",
    settings: { optimizer: "momentum", rate: 1 },
    epochs: 1,
    question: "SGD with momentum takes steps 100 times as long as is usual for it: the learning rate is 1 instead of 0.01. Does it learn faster?",
    answer: "It learns nothing. Each step jumps far beyond the minimum that it aims at: the loss jumps within a few steps and then stays near 2.3, that of guessing, or becomes a number that cannot be computed with. The network gives one answer for every image, for nearly all its filters give 0 everywhere. Repair: a hundredth of the rate, and Reset with a new seed, since filters that are dead do not come back.",
  },
  {
    name: "too-slow",
    title: "A learning rate that is too low",
    settings: { optimizer: "sgd", rate: 0.0001 },
    epochs: 3,
    question: "Tiny steps never jump too far. Where is the loss after three epochs?",
    answer: "Hardly below that of guessing, 2.3. It falls, and falls so slowly that after three epochs the network reads fewer than four of ten digits, where usual steps reach 0.95. A curve that still falls, and falls slowly, asks for a higher rate.",
  },
  {
    name: "no-relu",
    title: "No ReLU",
    settings: { activation: "none", pooling: "mean" },
    epochs: 5,
    question: "Without ReLU, and with pooling by means, every layer is a weighted sum. What do two convolutional layers gain over one?",
    answer: "Nothing: sums of sums are sums, so the whole network is one matrix, whatever its depth. It levels off below what the usual network reaches. With garments the gap is larger. Switch ReLU on again and compare.",
  },
  {
    name: "few-images",
    title: "Far too few images",
    settings: { images: 100 },
    epochs: 40,
    question: "It learns from 100 images instead of 5,000. Which accuracy falls: that on the images it learns from, or that on new ones?",
    answer: "The one on new images. The 100 it knows by heart, accuracy 1.0 and loss near 0, while on new ones it stays below 0.9: it overfits. The gap between the curves is the sign. More images, augmentation or dropout make it smaller.",
  },
  {
    name: "wrong-labels",
    title: "Wrong labels",
    settings: { wrong: 0.3 },
    epochs: 4,
    question: "Three of ten training images carry a wrong label. Can it get more than 70 % of the new images right?",
    answer: "Yes, far more: the wrong labels contradict one another, the right ones agree, and the network learns first what agrees. On the images it learns from, judged by their labels, it looks worse than on new ones, whose labels are right. Go on for twenty epochs, and it begins to learn the errors by heart.",
  },
  {
    name: "shuffled",
    title: "Pixels shuffled",
    settings: { shuffled: true },
    epochs: 4,
    question: "All images have their pixels shuffled, in the same way. For a dense network nothing would change. And here?",
    answer: "It learns, but worse: a filter's window now holds pixels that have nothing to do with one another, so edges are gone. What is left does the dense layer, which does not care about places. Convolution is a bet that neighbors belong together.",
  },
  {
    name: "dead-relus",
    title: "Dead ReLUs",
    settings: { start: "low biases" },
    epochs: 2,
    question: "All biases before ReLU begin at −10, so every output of the filters is 0. Will training lift them?",
    answer: "No. Where ReLU's output is 0, no gradient comes through, so neither filters nor biases of these layers ever move: they are dead. The loss stays at 2.3; only the last layer's biases learn how frequent each class is. A learning rate that is too high does this to a healthy network in a few steps. Repair: let the first weights be random (He, Glorot), with biases of 0.",
  },
  {
    name: "zeros",
    title: "All weights zero at the start",
    settings: { start: "zeros" },
    epochs: 2,
    question: "Zero is a neutral place to start from. Is it a good one?",
    answer: "It is the worst. All filters are equal, give 0, and get the gradient 0: nothing tells them apart, and nothing moves but the last biases. The loss stays at 2.3. Random first weights break the symmetry.",
  },
  {
    name: "peeked",
    title: "The test set peeked at",
    settings: { images: 500, peek: true },
    epochs: 20,
    question: "Half of the images to judge by were put among those to learn from. What does their accuracy say?",
    answer: "Nothing about new images: on those it has seen it gets close to 1.0, on the other half, never seen, it stays clearly below. Only images that nothing was learned or chosen by tell how good a network is.",
  },
];
