"""The Draw tab's texts."""

ENGLISH = {
    "network": "Network",
    "road": "How the drawing is prepared",
    "road_ours": "Ours: find, fit, centre",
    "road_classic": "Classic: resize, invert",
    "answer_none": "none",
}

CHINESE = {
    "network": "网络",
    "road": "图画的预处理方式",
    "road_ours": "本项目：查找、缩放、居中",
    "road_classic": "传统：缩放、反色",
    "answer_none": "非数字",
}
