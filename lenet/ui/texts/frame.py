"""Texts that every part of the page shares, and the page's frame."""

ENGLISH = {
    "introduction": "Draw a digit and see it read. Drop a photo and see it named. "
    "Train a network, then let the one you just trained answer.",
    "language": "Language",
    "language_name": "English",
    "tab_draw": "Draw",
    "tab_photo": "Photo",
    "tab_zoo": "Zoo",
    "tab_train": "Train",
    "yours": "Yours: {name}",
    "seconds": "{seconds} s",
    "minutes": "{minutes} min {seconds} s",
    "hours_minutes": "{hours} h {minutes} min",
}

CHINESE = {
    "introduction": "写一个数字，看它被读出。放一张照片，看它被命名。训练一个网络，再让您刚训练好的网络来回答。",
    "language": "语言",
    "language_name": "简体中文",
    "tab_draw": "手写",
    "tab_photo": "照片",
    "tab_zoo": "模型库",
    "tab_train": "训练",
    "yours": "您的：{name}",
    "seconds": "{seconds} 秒",
    "minutes": "{minutes} 分 {seconds} 秒",
    "hours_minutes": "{hours} 小时 {minutes} 分",
}
